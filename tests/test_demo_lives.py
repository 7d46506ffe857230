"""The lives of the demo city's cases: steps in order, planted shares that come back from the files, planted faults."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from math import sqrt

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from governance.demo import make_city
from governance.demo.catalogue import CODE_SYSTEM, load_catalogue
from governance.demo.city import read_grids
from governance.demo.lifecycle import live
from governance.demo.log_faults import FAULTS, plant_log_faults
from governance.demo.planted import load_planted
from governance.demo.steps import ACCEPTED, CANCELLED, CLOSED, DISPOSED, PAUSED, RESUMED, VERIFIED
from governance.scenarios.template import load_departments, load_templates

NEXT = {
    "上报": {"立案", "派遣"}, "立案": {"派遣"}, "派遣": {"签收", "转办", "退回", "作废"},
    "转办": {"转办", "签收", "退回", "作废"}, "退回": {"派遣"}, "签收": {"延期", "暂停", "处置完成", "作废"},
    "延期": {"暂停", "处置完成"}, "暂停": {"恢复"}, "恢复": {"处置完成"}, "处置完成": {"重开", "核查", "结案"},
    "重开": {"处置完成"}, "核查": {"结案"}, "结案": {"评价"}, "评价": set(), "作废": set(),
}  # fmt: skip
WITH_REASON = {"转办", "退回", "延期", "暂停", "作废"}
ILLEGAL = {
    "closed_before_disposed": "结案", "accepted_before_dispatched": "签收", "resumed_without_pause": "恢复",
    "disposed_after_cancelled": "处置完成",
}  # fmt: skip
END = pd.Timestamp("2026-01-01")
LONG_AGO = END - pd.Timedelta(days=45)  # what was to happen to a case of before has happened
PLANTED = load_planted()
DEPARTMENTS = {name: department.name_zh for name, department in load_departments().items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("city")
    make_city(path, seed=11, grids=300, days=150, incidents_per_day=260)
    return path


@pytest.fixture(scope="module")
def facts(folder):
    return json.loads((folder / "truth" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lines(folder):
    """The event files as they stand, with the day of the report and the code of the category."""
    frame = pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("events/*.parquet"))], ignore_index=True)
    frame = frame.astype({"动作": str, "单位": str, "原因": object})
    frame["动作"] = frame["动作"].replace("受理", "签收")
    rows = pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("incidents/*.parquet"))])
    rows = rows.drop_duplicates("事件编号").set_index("事件编号")
    reported = frame[frame["动作"] == "上报"].drop_duplicates("事件编号").set_index("事件编号")["时间"]
    frame["reported"] = reported.loc[frame["事件编号"]].to_numpy()
    frame["place"] = rows["地点编码"].loc[frame["事件编号"]].to_numpy()
    frame["category"] = rows["事件类别"].astype(str).loc[frame["事件编号"]].to_numpy()
    return frame


@pytest.fixture(scope="module")
def events(lines):
    """Each event once, in the order of time."""
    known = ["事件编号", "动作", "时间", "单位"]
    return lines.drop_duplicates(known).sort_values(["事件编号", "时间"], ignore_index=True)


@pytest.fixture(scope="module")
def faulty(events):
    """Case → the first step that the table of moves forbids."""
    before = events["动作"].shift().where(events["事件编号"].diff() == 0, "")
    allowed = [(now in NEXT[then]) if then else now == "上报" for then, now in zip(before, events["动作"], strict=True)]
    wrong = events.assign(before=before)[~np.array(allowed)].drop_duplicates("事件编号")
    return wrong.set_index("事件编号")[["before", "动作"]]


def is_near(count: int, of: int, share: float) -> bool:
    """Within four standard deviations of a binomial."""
    return abs(count - of * share) <= 4 * sqrt(of * share * (1 - share)) + 1


def count_steps(events: pd.DataFrame, step: str) -> int:
    return int(events["事件编号"][events["动作"] == step].nunique())


# order and faults


def test_only_planted_cases_break_the_table_of_moves(faulty, facts):
    found = faulty["动作"].value_counts()
    assert found.to_dict() == {step: facts["totals"][name] for name, step in ILLEGAL.items()}
    assert (found > 0).all()
    assert set(faulty["before"][faulty["动作"] == "处置完成"]) == {"作废"}


def test_faults_of_the_file_are_those_counted(lines, facts):
    known = ["事件编号", "动作", "时间", "单位", "原因", "延期至"]
    assert lines.duplicated(known).sum() == facts["totals"]["told_twice"] > 0
    once = lines.drop_duplicates(known)
    backwards = once["事件编号"][(once["事件编号"].diff() == 0) & (once["时间"].diff() < pd.Timedelta(0))]
    assert backwards.nunique() == facts["totals"]["out_of_order"] > 0
    assert (once["时间"].diff()[once["事件编号"].diff() == 0] != pd.Timedelta(0)).all()


def test_each_fault_is_planted_where_it_is_counted():
    catalogue = load_catalogue()
    rng, count = np.random.default_rng(2), 20_000
    scene = rng.integers(0, len(catalogue.categories), count)
    lives = live(
        np.full(count, 1_760_000_000), scene, discovered=rng.random(count) < 0.5,
        rectification=np.full(count, 0.5), catalogue=catalogue, rng=rng,
    )  # fmt: skip
    broken = plant_log_faults(lives, dict.fromkeys(FAULTS[1:], 0.1), rng)
    faults = dict(zip(FAULTS, np.bincount(broken.fault), strict=True))
    assert all(number > 10 for number in faults.values())
    sound, happens, before, after = broken.fault == 0, broken.happens, lives.at, broken.at
    assert (after[sound] == before[sound]).all()
    assert (happens[sound] == lives.happens[sound]).all()
    early = happens[:, CLOSED] & happens[:, DISPOSED] & (after[:, CLOSED] < after[:, DISPOSED])
    assert early.sum() == faults["closed_before_disposed"]
    late = happens[:, CANCELLED] & happens[:, DISPOSED] & (after[:, DISPOSED] > after[:, CANCELLED])
    assert late.sum() == faults["disposed_after_cancelled"]
    assert broken.happens[:, RESUMED].sum() - lives.happens[:, RESUMED].sum() == faults["resumed_without_pause"]


def test_nothing_follows_the_end_of_a_sound_case(events, faulty):
    sound = events[~events["事件编号"].isin(faulty.index)]
    ended = sound[sound["动作"].isin(["结案", "作废"])].set_index("事件编号")["时间"]
    later = sound[sound["时间"] > sound["事件编号"].map(ended)]
    assert set(later["动作"]) == {"评价"}
    assert len(ended) == ended.index.nunique()


def test_a_pause_ends_or_the_case_still_waits(events, faulty):
    sound = events[~events["事件编号"].isin(faulty.index)]
    paths = sound.groupby("事件编号")["动作"].agg(list)
    paused = [path for path in paths if "暂停" in path]
    assert len(paused) > 500
    assert all(path[-1] == "暂停" or path.count("恢复") == 1 for path in paused)
    assert 0 < sum(path[-1] == "暂停" for path in paused) < 0.2 * len(paused)


def test_pauses_last_for_days_and_over_weekends(events):
    paused = events[events["动作"] == "暂停"].set_index("事件编号")["时间"]
    resumed = events[events["动作"] == "恢复"].set_index("事件编号")["时间"]
    lasting = (resumed - paused).dropna()
    assert 5 < lasting.median() / pd.Timedelta(days=1) < 8
    assert (lasting > pd.Timedelta(0)).all()
    weekend = (paused.dt.day_of_week + lasting / pd.Timedelta(days=1) > 6).reindex(lasting.index)
    assert 0.4 < weekend.mean() < 0.95


# reasons and departments


def test_every_hand_over_pause_extension_and_cancellation_says_why(events):
    has_reason = events.groupby("动作")["原因"].agg(lambda reasons: reasons.notna().mean())
    assert {step for step, share in has_reason.items() if share == 1} == WITH_REASON
    assert {step for step, share in has_reason.items() if share == 0} == set(NEXT) - WITH_REASON
    for step, name in (("转办", "hand_over"), ("退回", "hand_over"), ("延期", "extension"), ("作废", "cancellation")):
        assert set(events["原因"][events["动作"] == step]) == set(PLANTED.reasons[name])


def test_the_reason_of_a_pause_stands_in_the_template(events):
    paused = events[events["动作"] == "暂停"]
    allowed = {
        (scene.codes[CODE_SYSTEM][0].rstrip("*") + " " + scene.name_zh, pause.reason_zh)
        for template in load_templates().values()
        for scene in template.scenes
        for pause in template.pauses
    }
    known = paused[paused["category"] != "nan"]
    assert set(zip(known["category"], known["原因"], strict=True)) <= allowed
    assert paused["原因"].value_counts().index[0] == "依法公告、告知、陈述申辩或听证期间"


def test_an_extension_gives_a_later_day(lines):
    extended = lines[lines["动作"] == "延期"]
    assert extended["延期至"].notna().all()
    assert lines["延期至"].notna().sum() == len(extended) > 500
    until = pd.to_datetime(extended["延期至"])
    assert (until > extended["时间"]).all()
    assert (until > extended["reported"]).all()


def test_a_return_names_the_one_who_sends_back_and_is_dispatched_again(events, faulty):
    sound = events[~events["事件编号"].isin(faulty.index)]
    same = sound["事件编号"].diff() == 0
    returned = sound["动作"] == "退回"
    holder = sound["单位"].shift()[returned]
    assert same[returned].all()
    assert (holder == sound["单位"][returned]).all()
    again = sound.shift(-1)[returned & (sound["事件编号"].shift(-1) == sound["事件编号"])]
    assert set(again["动作"]) == {"派遣"}
    moved = (again["单位"] != sound["单位"][again.index]).mean()
    assert 0.3 < moved < 0.7  # the others are sent to the same department once more


def test_bounced_pairs_come_back_with_their_reason(events, facts):
    shown = events[events["动作"].isin(["派遣", "转办"])]
    paths = shown.groupby("事件编号")[["动作", "单位", "原因"]].agg(list)
    accepted = events[events["动作"] == "签收"].drop_duplicates("事件编号").set_index("事件编号")["单位"]
    for pair, told in zip(PLANTED.buck_passing, facts["lives"]["bounces"], strict=True):
        one, other = DEPARTMENTS[pair.sender], DEPARTMENTS[pair.receiver]
        own = paths[paths.index.isin(accepted.index[accepted == one])]
        back = [
            reasons[1] == pair.reason
            for steps, units, reasons in own.itertuples(index=False)
            if steps[1:3] == ["转办", "转办"] and units[:3] == [one, other, one]
        ]
        assert (len(own), len(back), sum(back)) == (told["accepted"], told["bounced"], told["with_reason"])
        assert is_near(len(back), len(own), pair.share)
        assert is_near(sum(back), len(back), pair.reason_share)


# shares


def test_steps_are_counted_by_scenario_as_the_files_show_them(events, facts):
    scenarios = facts["lives"]["scenarios"]
    assert sum(scenario["cases"] for scenario in scenarios.values()) == facts["totals"]["incidents"]
    for name, step in (("registered", "立案"), ("paused", "暂停"), ("extended", "延期"), ("cancelled", "作废"),
                       ("closed", "结案"), ("returned", "退回"), ("reopened", "重开")):  # fmt: skip
        assert sum(scenario[name] for scenario in scenarios.values()) == count_steps(events, step) > 0, name
    for template in load_templates().values():
        code = template.scenes[0].codes[CODE_SYSTEM][0][:3]
        mine = events[events["category"].str.startswith(code)]
        assert count_steps(mine, "暂停") == pytest.approx(scenarios[template.id]["paused"], abs=2)


def test_planted_shares_come_back(events):
    old = events[events["reported"] < LONG_AGO]
    cases, cancelled = old["事件编号"].nunique(), count_steps(old, "作废")
    shares = PLANTED.shares
    assert is_near(count_steps(old, "立案"), cases, shares["registered"])
    assert is_near(cancelled, cases, shares["cancelled"])
    assert is_near(count_steps(old, "退回"), cases, shares["returned"])
    assert is_near(count_steps(old, "延期"), cases - cancelled, shares["extended"])
    assert is_near(count_steps(old, "重开"), count_steps(old, "处置完成"), shares["reopened"])
    dropped = old[old["事件编号"].isin(old["事件编号"][old["动作"] == "作废"])]
    assert is_near(count_steps(dropped, "签收"), cancelled, shares["cancelled_after_accepting"])


def test_planted_pauses_come_back_by_scenario(events, facts):
    old = events[events["reported"] < LONG_AGO]
    for template in load_templates().values():
        mine = old[old["category"].str.startswith(template.scenes[0].codes[CODE_SYSTEM][0][:3])]
        handled = mine["事件编号"].nunique() - count_steps(mine, "作废")
        share = PLANTED.get_temper(template.id).paused
        assert facts["lives"]["scenarios"][template.id]["paused_share"] == share
        assert is_near(count_steps(mine, "暂停"), handled, share), template.id
    assert facts["lives"]["scenarios"]["~unmapped"]["paused"] == 0


def test_cases_are_registered_within_minutes(events):
    registered = events[events["动作"] == "立案"]
    minutes = (registered["时间"] - registered["reported"]) / pd.Timedelta(minutes=1)
    assert 4 < minutes.median() < 9
    assert minutes.quantile(0.95) < 60


def test_what_came_back_came_back_at_the_planted_pace(events):
    """Illegal parking: 15 % come back, half of them within 14 days; 30 days of follow-up for all."""
    mine = events[events["category"].str.startswith("WTC")]
    assert mine["place"].max() < 2**53
    cases = mine.drop_duplicates("事件编号").set_index("事件编号")[["place", "reported"]]
    cases["closed"] = mine[mine["动作"] == "结案"].set_index("事件编号")["时间"]
    cases = cases.sort_values(["place", "reported"])
    following = cases["reported"].shift(-1).where(cases["place"] == cases["place"].shift(-1))
    wait = (following - cases["closed"])[cases["closed"] < END - pd.Timedelta(days=30)] / pd.Timedelta(days=1)
    back = wait[(wait > 0) & (wait < 30)]
    temper = PLANTED.get_temper("illegal_parking")
    seen = 1 - 2 ** (-30 / temper.half_life_days)
    assert is_near(len(back), len(wait), temper.recurs * seen)
    assert back.median() == pytest.approx(-temper.half_life_days * np.log2(1 - seen / 2), rel=0.2)


# the pilot


def test_verified_cases_are_exactly_the_planted_share_whatever_the_seed():
    catalogue = load_catalogue()
    for seed in range(3):
        lives = live(
            np.full(1000, 1_760_000_000), np.zeros(1000, dtype=np.int64), discovered=np.zeros(1000, dtype=bool),
            rectification=np.repeat([0.7, 0.8], 500), catalogue=catalogue, rng=np.random.default_rng(seed),
        )  # fmt: skip
        handled = ~lives.happens[:, CANCELLED]
        for half, share in ((slice(0, 500), 0.7), (slice(500, 1000), 0.8)):
            verified = lives.happens[half, VERIFIED].sum()
            assert verified <= 500 * share
            assert verified == pytest.approx(share * handled[half].sum(), abs=5)


def test_the_pilot_is_told_in_points_and_relative_and_counted(events, facts, folder):
    pilot = facts["lives"]["pilot"]
    assert pilot["rectification_points"] == pytest.approx(10.15)
    assert pilot["rectification_after"] / pilot["rectification_before"] - 1 == pytest.approx(0.145)
    grids = read_grids(folder)
    key = grids.grid_id.str.replace("-", "").str[2:].astype(int)
    haishu = events["place"] // 100_000
    mine = events[events["category"].str.startswith("QZF") & haishu.isin(key[grids.district_en == "Haishu"])]
    since = pd.Timestamp(facts["start"]) + pd.Timedelta(days=facts["days"] // 2)
    for name, part in (("before", mine[mine["reported"] < since]), ("after", mine[mine["reported"] >= since])):
        told = pilot["district"][name]
        closed = part[part["事件编号"].isin(part["事件编号"][part["动作"] == "结案"])]
        found = (part["事件编号"].nunique(), closed["事件编号"].nunique(), count_steps(closed, "核查"))
        assert found == pytest.approx((told["reported"], told["closed"], told["verified"]), abs=2)
        assert is_near(told["verified"], told["closed"], pilot[f"rectification_{name}"])


def test_slow_departments_take_longer_by_their_factor(facts):
    departments = facts["lives"]["departments"]
    for name, told in departments.items():
        assert told["factor"] == PLANTED.slow_departments.get(name, 1.0)
    disposed = sum(told["disposed"] for told in departments.values())
    assert 0.9 * facts["totals"]["incidents"] < disposed < facts["totals"]["incidents"]
    slow = load_catalogue()
    even = replace(slow, planted=replace(slow.planted, slow_departments={}))
    scene = np.flatnonzero(slow.lead == slow.find_department("housing"))[0]
    days = []
    for catalogue in (even, slow):
        lives = live(
            np.full(4000, 1_760_000_000), np.full(4000, scene), discovered=np.ones(4000, dtype=bool),
            rectification=np.ones(4000), catalogue=catalogue, rng=np.random.default_rng(1),
        )  # fmt: skip
        at, happens = lives.at, lives.happens
        taken = (at[:, DISPOSED] - at[:, ACCEPTED])[happens[:, DISPOSED] & ~happens[:, PAUSED]]
        days.append(np.sort(taken)[: -len(taken) // 50].mean())  # a few lie for months
    # nights and weekends come on top of what the department takes
    assert days[1] / days[0] == pytest.approx(PLANTED.slow_departments["housing"], rel=0.15)


def test_days_of_extensions_are_dates_in_the_file(folder):
    column = pq.read_table(next(folder.glob("events/*.parquet")), columns=["延期至"])["延期至"]
    assert str(column.type) == "date32[day]"
    assert pc.min(column).as_py() > date(2025, 1, 1)
