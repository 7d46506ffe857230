"use strict";
// The wall's only script. It asks the server what to show, keeps the last good answer whatever happens, and shows the
// scene whose turn it is by the server's clock, so that screens side by side show the same one, connected or not.
// Nothing here grows: one answer, one timer for the turn, one for the next question.
(() => {
  const TICK_MS = 250;
  const PATIENCE_MS = 20000;
  const RETRY_S = 5;
  const YOUNG_MS = 60000;
  const BANNER_MS = 10000;
  const UNITS_S = { year: 31536000, month: 2592000, week: 604800, day: 86400, hour: 3600 };
  const told = document.body.dataset;
  const place = (name) => document.getElementById(name);
  let shown = null; // the last good answer, without its stage
  let ahead_ms = 0; // the server's clock less this machine's
  let good_at_ms = null; // when it came, on the server's clock
  let trouble = ""; // "lost": no answer came; "failed": one came that is no answer
  let on = -1;

  const now = () => Date.now() + ahead_ms;

  const ask = async () => {
    let wait_s = RETRY_S;
    try {
      const query = new URLSearchParams(location.search);
      query.set("has", shown ? shown.stage_key : "");
      const answer = await fetch(`wall/state?${query}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      trouble = answer.ok ? "" : "failed";
      if (answer.ok) {
        take(await answer.json());
        wait_s = shown.refresh_s;
      }
    } catch {
      trouble = "lost";
    }
    tell();
    // The browser keeps a line about each answer; nobody reads them.
    performance.clearResourceTimings();
    setTimeout(ask, wait_s * 1000);
  };

  const take = (answer) => {
    ahead_ms = answer.now_s * 1000 - Date.now();
    if (answer.version !== told.version && performance.now() > YOUNG_MS) {
      location.reload();
    }
    // A server that can read nothing takes no view away: what hangs stays, under a banner.
    if (!answer.is_good && shown && shown.is_good) {
      shown = { ...shown, banner: answer.banner, is_kept: true };
      return;
    }
    good_at_ms = now();
    if (answer.stage !== null) {
      place("stage").innerHTML = answer.stage;
      on = -1;
    }
    place("foot").innerHTML = answer.foot;
    delete answer.stage;
    shown = answer;
    turn();
  };

  const tell = () => {
    const words = trouble && (shown ? told[trouble].replace("{since}", write_since()) : told.waiting);
    // There is room for one banner: without connection the data's age takes turns with it once they are stale.
    const texts = [words || (shown ? shown.banner : ""), spell_stale()].filter((text) => text);
    const text = texts.length ? texts[Math.floor(now() / BANNER_MS) % texts.length] : "";
    if (place("banner").textContent !== text) place("banner").textContent = text;
    place("banner").hidden = text === "";
    const data = shown && shown.aging && document.querySelector("#foot .w-data");
    const dated = data && shown.aging.data.replace("{age}", write_age(shown.aging.as_of_s));
    if (data && data.textContent !== dated) data.textContent = dated;
  };

  // What the server says by itself as long as it answers.
  const spell_stale = () => {
    const is_alone = shown && shown.aging && (trouble || shown.is_kept);
    if (!is_alone || now() / 1000 <= shown.aging.stale_from_s) return "";
    return shown.aging.stale.replace("{age}", write_age(shown.aging.newest_s));
  };

  const turn = () => {
    if (!shown) return;
    const at_s = (now() / 1000) % shown.cycle_s;
    const whose = shown.turns.findIndex(([begins, ends]) => begins <= at_s && at_s < ends);
    if (whose !== on) {
      on = whose;
      // A screen of double width shows the next scene beside this one.
      const next = shown.turns.length > 1 ? (on + 1) % shown.turns.length : -1;
      [...place("stage").children].forEach((scene, number) => {
        scene.classList.toggle("is-on", number === on);
        scene.classList.toggle("is-next", number === next);
      });
      place("turn").textContent = shown.turns.length > 1 ? `${on + 1} / ${shown.turns.length}` : "";
    }
    const clock = write(now(), { hour: "2-digit", minute: "2-digit" });
    const day = write(now(), { year: "numeric", month: "short", day: "numeric", weekday: "short" });
    if (place("clock").dataset.told !== day + clock) {
      place("clock").dataset.told = day + clock;
      place("clock").replaceChildren(document.createTextNode(clock), document.createElement("small"));
      place("clock").lastChild.textContent = day;
    }
  };

  const language = document.documentElement.lang === "zh" ? "zh-CN" : "en-GB";

  // The hour of the last good answer, with its day unless that is today.
  const write_since = () => {
    if (good_at_ms === null) return "";
    const day = { month: "short", day: "numeric" };
    const is_today = write(good_at_ms, day) === write(now(), day);
    return write(good_at_ms, { ...(is_today ? {} : day), hour: "2-digit", minute: "2-digit" });
  };

  // How long ago, as the server writes it: in the largest unit of which there are two, in hours at least.
  const write_age = (moment_s) => {
    const age_s = Math.max(now() / 1000 - moment_s, 0);
    const [unit, unit_s] = Object.entries(UNITS_S).find(([, size_s]) => age_s >= 2 * size_s) ?? ["hour", 3600];
    const many = age_s > 0 ? Math.max(Math.round(age_s / unit_s), 1) : 0;
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(many);
  };

  const write = (moment_ms, parts) => {
    const options = { ...parts, timeZone: shown ? shown.zone : "UTC", hourCycle: "h23" };
    return new Intl.DateTimeFormat(language, options).format(moment_ms);
  };

  tell();
  ask();
  setInterval(() => { turn(); tell(); }, TICK_MS);
})();
