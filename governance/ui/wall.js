"use strict";
// The wall's only script. It asks the server what to show, keeps the last good answer whatever happens, and shows the
// scene whose turn it is by the server's clock, so that screens side by side show the same one, connected or not.
// Nothing here grows: one answer, one timer for the turn, one for the next question.
(() => {
  const TICK_MS = 250;
  const PATIENCE_MS = 20000;
  const RETRY_S = 5;
  const YOUNG_MS = 60000;
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
      shown = { ...shown, banner: answer.banner };
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
    const since = good_at_ms === null ? "" : write(good_at_ms, { hour: "2-digit", minute: "2-digit" });
    const words = trouble && (shown ? told[trouble].replace("{since}", since) : told.waiting);
    const text = words || (shown ? shown.banner : "");
    place("banner").textContent = text;
    place("banner").hidden = text === "";
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

  const write = (moment_ms, parts) => {
    const language = document.documentElement.lang === "zh" ? "zh-CN" : "en-GB";
    const options = { ...parts, timeZone: shown ? shown.zone : "UTC", hourCycle: "h23" };
    return new Intl.DateTimeFormat(language, options).format(moment_ms);
  };

  tell();
  ask();
  setInterval(turn, TICK_MS);
})();
