"""Every number on the page of late cases, walked: told again by the export of open cases as read back, or the registry.

| part of the page | numbers | told by |
| --- | --- | --- |
| headlines of all departments | overdue of open, seriously, today, soon, mean delay, in no grid | export |
| | overdue-open rate and on-time rate with their counts | registry |
| headlines of one department | held, open, waiting, today, soon, overdue of open, seriously, paused, late | export |
| departments | overdue, seriously, soon, open, held, mean and longest delay | export |
| | two rates, cases due | registry |
| comparison | shares with their counts, of the department and of all, median age, better by | export, registry |
| delay and stage | every cell, all stages | export |
| ladder | cases on each rung and level, below, on no ladder, of each post; the bars | export, templates |
| bounces | cases, returns, share of received; cases and share of each department and reason | hand-overs, cases |
| list | delay, share of time used, due, days held, transfers; how many are listed | export |
| choices and buttons | cases of each worklist, cases of each file | export |

`test_ui_overdue` holds the export of open cases against the cases themselves.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance.city import City
from governance.export_orders import WORKLISTS
from governance.exports import export_bytes
from governance.scenarios import load_templates
from governance.ui import language
from governance.ui.pages import overdue_list
from governance.ui.view import View
from tests.pages import list_figures, read_bars, read_frame, read_rest, read_steps, read_tables, run_page
from tests.spelling import count, days, decimal, say, share

LISTED = 60
RATES = ["on_time_disposal_rate", "overdue_open_rate"]
KEYS = ["source", "incident_id"]
TEMPLATES = load_templates()
# department, scenario, district
CHOICES = (
    ("", "", ""),
    ("", "illegal_parking", "330203"),
    ("urban_management", "", ""),
    ("housing", "group_rental", ""),
    ("fire_rescue", "", "330212"),
    ("traffic_police", "abandoned_vehicle", ""),
)


@dataclass(frozen=True)
class Walk:
    """A page as a visitor gets it, and the export under its filters: all departments' rows, and the chosen one's."""

    page: AppTest
    city: City
    department: str
    scenario: str
    district: str
    opened: pd.DataFrame
    own: pd.DataFrame

    @property
    def where(self) -> dict[str, str | None]:
        return {"scenario": self.scenario or None, "level_1_id": self.district or None}

    def rates(self, **cut: object) -> pd.DataFrame:
        """The registry's rates over the cases due and reported in the last 365 days."""
        day = pd.Timestamp(self.city.as_of_utc, tz="UTC").tz_convert("Asia/Shanghai").date()
        asked = self.city.indicators(RATES, cohort="reported", since=day - timedelta(days=365), **self.where, **cut)
        return asked.set_index([*([cut["by"]] if "by" in cut else []), "indicator"])


@pytest.fixture(scope="module", params=CHOICES, ids=lambda choice: "-".join(filter(None, choice)) or "all")
def walk(request: pytest.FixtureRequest, demo_build: Path, city: City) -> Walk:
    department, scenario, district = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overdue_list, "_SHOWN", LISTED)
        page = run_page("overdue", demo_build, department=department, filter=scenario, district=district)
    opened = read_export(city, scenario=scenario, district=district)
    own = opened[opened["department"] == department] if department else opened
    return Walk(page, city, department, scenario, district, opened, own)


def read_export(city: City, **filters: str) -> pd.DataFrame:
    """The file that a visitor downloads, as a spreadsheet reads it."""
    file = export_bytes(city, "open", format="csv", **{name: value for name, value in filters.items() if value})
    frame = pd.read_csv(io.BytesIO(file), dtype={"incident_id": "str", "level_1_id": "str", "worklists": "str"})
    return frame.assign(worklists=[str(lists).split() if lists == lists else [] for lists in frame["worklists"]])  # noqa: PLR0124


def is_on(rows: pd.DataFrame, worklist: str) -> pd.Series:
    return pd.Series([worklist in lists for lists in rows["worklists"]], index=rows.index, dtype=bool)


def choose_held(walk: Walk) -> pd.DataFrame:
    """What lies with the department, or with any."""
    rows = walk.opened[~walk.opened["holder"].isin(["~desk", "~check"])]
    return rows[rows["holder"] == walk.department] if walk.department else rows


def tell_headlines(walk: Walk) -> list[tuple[str, str, str]]:
    own, late = walk.own, walk.own[is_on(walk.own, "overdue")]
    counts = {name: count(is_on(own, name).sum()) for name in WORKLISTS}
    common = [
        (say("overdue.today"), counts["due_today"], say("overdue.today_note")),
        (say("overdue.near"), counts["near_due"], say("overdue.near_note")),
    ]
    seriously = (say("overdue.seriously"), counts["seriously_overdue"], say("overdue.seriously_note"))
    if walk.department:
        check, desk = ((own["holder"] == name).sum() for name in ("~check", "~desk"))
        all_late = is_on(walk.opened, "overdue").sum()
        beside = say("morning.beside", own=share(len(late), len(own)), city=share(all_late, len(walk.opened)))
        return [
            (say("morning.held"), count(len(choose_held(walk))), say("morning.held_note")),
            (say("morning.responsible"), count(len(own)), say("morning.waiting", check=count(check), desk=count(desk))),
            *common,
            (say("overdue.overdue"), count(len(late)), beside),
            seriously,
            (say("morning.paused"), counts["paused"], say("morning.paused_note")),
            (
                say("morning.late_to_accept"), counts["late_to_accept"],
                say("morning.late_to_accept_note", cases=counts["not_accepted"]),
            ),
        ]  # fmt: skip
    (on_time, due), (still_open, _) = walk.rates()[["numerator", "denominator"]].loc[RATES].to_numpy()
    return [
        (say("overdue.overdue"), count(len(late)), say("figure.of_open_cases", cases=count(len(own)))),
        seriously,
        *common,
        (
            say("overdue.rate"), share(still_open, due, 2),
            say("overdue.rate_note", part=count(still_open), due=count(due)),
        ),
        (say("overdue.on_time"), share(on_time, due), say("overdue.on_time_note", part=count(on_time), due=count(due))),
        (say("overdue.mean"), days(late["overdue_hours"].mean()), say("overdue.mean_note")),
        (say("name.unmatched"), count((late["level_1_id"] == "~unmatched").sum()), say("overdue.unmatched_note")),
    ]  # fmt: skip


def test_headlines(walk: Walk) -> None:
    expected = tell_headlines(walk)
    assert list_figures(walk.page)[: len(expected)] == expected


def test_departments(walk: Walk) -> None:
    if walk.department:
        assert not [frame for frame in walk.page.dataframe if "held_cases" in frame.value]
        return
    shown = next(frame.value for frame in walk.page.dataframe if "held_cases" in frame.value).set_index("department")
    late = walk.own[is_on(walk.own, "overdue")]
    hours = late.groupby("department")["overdue_hours"]
    expected = pd.DataFrame(
        {
            "overdue_cases": hours.size(), "mean_overdue_days": hours.mean() / 24, "max_overdue_days": hours.max() / 24,
            "open_cases": walk.own["department"].value_counts(),
            "held_cases": choose_held(walk)["holder"].value_counts(),
        }
        | {
            f"{name}_cases": walk.own[is_on(walk.own, name)]["department"].value_counts()
            for name in ("seriously_overdue", "near_due")
        }
    )  # fmt: skip
    rates = walk.rates(by="department")
    rates = rates[rates["denominator"] > 0]
    for indicator, column in zip(RATES, ("on_time_rate", "overdue_rate"), strict=True):
        told = rates.xs(indicator, level="indicator")
        expected = expected.reindex(expected.index.union(told.index))
        expected[column] = told["value"]
        expected["due_cases"] = told["denominator"].astype(float)
    expected = expected.fillna(dict.fromkeys([name for name in expected if name.endswith("_cases")], 0))
    order = expected.reset_index(names="department").sort_values(
        ["overdue_cases", "open_cases", "department"], ascending=[False, False, True]
    )
    assert shown.index.tolist() == order["department"].tolist()
    for name in read_frame(walk.page, "held_cases").columns.drop("name"):
        values = expected.loc[shown.index, name].to_numpy(float)
        # shares stand in the table as percent with one digit
        assert shown[name].to_numpy(float) == pytest.approx(values, abs=0.0005001, nan_ok=True), name


def tell_verdict(own: float, whole: float, digits: int, *, is_higher_better: bool, unit: str) -> str:
    if np.isnan(own):
        return language.MISSING
    scale, shown = (100, digits - 2) if unit == "points" else (1, digits)
    if round(own - whole, digits) == 0:
        return say("morning.same")
    told = say(f"unit.{unit}", value=decimal(scale * abs(own - whole), shown))
    return say("morning.better" if (own > whole) == is_higher_better else "morning.worse", difference=told)


def test_comparison_with_all_departments(walk: Walk) -> None:
    tables = [table[1:] for table in read_tables(walk.page) if table[0][0] == say("morning.measure")]
    if not walk.department:
        assert tables == []
        return
    expected = []
    rates = [walk.rates(**cut)[["numerator", "denominator"]] for cut in ({"department": walk.department}, {})]
    parts = [[(is_on(rows, "overdue").sum(), len(rows)) for rows in (walk.own, walk.opened)]]
    parts += [[tuple(told.loc[name]) for told in rates] for name in RATES]
    shapes = [("overdue_share", 3, False), ("on_time_rate", 3, True), ("overdue_rate", 4, False)]
    for (measure, digits, is_higher_better), both in zip(shapes, parts, strict=True):
        values = [part / whole if whole else np.nan for part, whole in both]
        told = [
            say("morning.part_of", share=share(part, whole, digits - 2), part=count(part), whole=count(whole))
            for part, whole in both
        ]
        verdict = tell_verdict(*values, digits, is_higher_better=is_higher_better, unit="points")
        expected.append([say(f"measure.{measure}"), verdict, *told])
    ages = [rows["age_hours"].median() for rows in (walk.own, walk.opened)]
    verdict = tell_verdict(*(age / 24 for age in ages), 1, is_higher_better=False, unit="days")
    expected.append([say("measure.median_age_days"), verdict, *(days(age) for age in ages)])
    assert tables == [expected]


def test_delay_and_stage(walk: Walk) -> None:
    late = walk.own[is_on(walk.own, "overdue")]
    bounds = [0, 1, 3, 7, 30, float("inf")]
    ages = pd.cut(late["overdue_hours"] / 24, bounds, right=False, labels=bounds[:-1])
    shown = read_frame(walk.page, "delay")
    assert shown["all_stages"].tolist() == ages.value_counts(sort=False).tolist()
    stages = [name for name in shown if name not in {"delay", "all_stages"}]
    assert {"reported", "registered", "dispatched", "accepted"} | set(late["stage"]) == set(stages)
    for stage in stages:
        assert shown[stage].tolist() == ages[late["stage"] == stage].value_counts(sort=False).tolist()
    words = [say("overdue.age_under", end=1)]
    words += [say("overdue.age_between", start=start, end=end) for start, end in ((1, 3), (3, 7), (7, 30))]
    assert shown["delay"].tolist() == [*words, say("overdue.age_over", start=30)]


def climb(case: dict) -> tuple[float, str]:
    """The rung of a case (0: below the first, -1: on no ladder) and the level that answers, by its template."""
    template = TEMPLATES.get(case["scenario"])
    if template is None or pd.isna(case["used_share"]):
        return -1, ""
    is_late = "overdue" in case["worklists"]
    reached = [
        rung for rung in template.escalation if case["used_share"] >= rung.at_share and (rung.at_share < 1 or is_late)
    ]
    if not reached:
        return 0, ""
    return reached[-1].at_share, min(reached[-1].level, case["level"], key=("I", "II", "III").index)


def list_posts(case: dict, level: str) -> set[tuple[str, str, bool]]:
    """The posts that answer for a case on a level, and whether the level adds them to the one below."""
    levels = TEMPLATES[case["scenario"]].levels
    below = [name for name in ("I", "II", "III") if name > level and name in levels]
    known = {post.id for post in levels[below[0]].posts} if below else set()
    return {
        (post.name_en, post.department, post.id not in known)
        for post in levels[level].posts
        if not post.scenes or case["scene"] in post.scenes
    }


def tell_posts(walk: Walk, places: list[tuple[float, str]], rung: float) -> str:
    cases: dict[tuple[str, str], int] = {}
    added: set[tuple[str, str]] = set()
    for case, (own, level) in zip(walk.own.to_dict("records"), places, strict=True):
        if own == rung:
            posts = list_posts(case, level)
            cases |= {pair: cases.get(pair, 0) + 1 for pair in {post[:2] for post in posts}}
            added |= {post[:2] for post in posts if post[2]}
    order = sorted(cases, key=lambda post: (post not in added, -cases[post], *post))
    view = View(walk.city, "en")
    told = [
        say("ladder.post", post=name, department=view.department_name(department), cases=count(cases[name, department]))
        for name, department in order[:6]
    ]
    more = [say("ladder.more_posts", posts=count(len(order) - 6))] if len(order) > 6 else []
    return say("sheet.semicolon").join([*told, *more])


def test_ladder(walk: Walk) -> None:
    places = [climb(case) for case in walk.own.to_dict("records")]
    chosen = [template for name, template in TEMPLATES.items() if walk.scenario in {"", name}]
    rungs = {(rung.at_share, rung.level) for template in chosen for rung in template.escalation}
    rungs |= {place for place in places if place[0] > 0}
    climbing = sum(rung >= 0 for rung, _ in places)
    expected = []
    for rung in sorted({rung for rung, _ in rungs}, reverse=True):
        levels = sorted((level for own, level in rungs if own == rung), reverse=True)
        told = [say("ladder.level", level=level, cases=count(places.count((rung, level)))) for level in levels]
        standing = sum(own == rung for own, _ in places)
        expected.append(
            (
                say("ladder.from", share=share(rung, 1, 0)), say("sheet.comma").join(told),
                f"{100 * standing / climbing:.1f}", count(standing), tell_posts(walk, places, rung),
            )
        )  # fmt: skip
    below = places.count((0, ""))
    if below:
        expected.append((say("ladder.below"), say("ladder.ground"), f"{100 * below / climbing:.1f}", count(below), ""))
    assert read_steps(walk.page) == expected
    assert say("ladder.off", cases=count(places.count((-1, "")))) in read_rest(walk.page)


def test_bounces(walk: Walk) -> None:
    headlines = list_figures(walk.page)[len(tell_headlines(walk)) :]
    if not walk.department:
        assert (headlines, read_bars(walk.page)) == ([], [])
        return
    view, since = View(walk.city, "en"), pd.Timestamp(walk.city.as_of_utc) - timedelta(days=28)
    begun = walk.city.sql(
        "select source, incident_id, coalesce(dispatched_at_utc, reported_at_utc) as begun_utc, first_department,"
        " coalesce(scenario, '~unmapped') as scenario, level_1_id from core_case left join core_grid using (grid_no)"
    )
    handed = walk.city.sql("select * from out_recent_handover")
    for name, value in (("scenario", walk.scenario), ("level_1_id", walk.district)):
        begun = begun[begun[name] == value] if value else begun
        handed = handed[handed[name] == value] if value else handed
    first = begun[(begun["first_department"] == walk.department) & (begun["begun_utc"] >= since)]
    came = handed[(handed["to_department"] == walk.department) & (handed["from_department"] != walk.department)]
    left = handed[handed["from_department"] == walk.department]
    received = len(pd.concat([first[KEYS], came[KEYS]]).drop_duplicates())
    expected, bars = [], []
    for direction, rows, other in (("to", came, "from_department"), ("by", left, "to_department")):
        cases = len(rows.drop_duplicates(KEYS))
        if not cases:
            continue
        back = len(rows[rows["kind"] == "returned"].drop_duplicates(KEYS))
        part = (say("bounce.share"), share(cases, received), say("bounce.of_received", cases=count(received)))
        expected += [(say(f"bounce.{direction}"), count(cases), say("bounce.by_return", cases=count(back))), part]
        for column in (other, "reason"):
            counted = rows.drop_duplicates([*KEYS, column])[column].value_counts()
            order = sorted(counted.index, key=lambda value: (-counted[value], value))[:6]
            names = {value: value or say("bounce.no_reason") for value in order}
            if column != "reason":
                names = {value: view.department_name(value) for value in order}
                names |= {"~desk": view.word("holder", "desk"), "~check": view.word("holder", "check")}
                names |= {walk.department: say("bounce.back_to_itself")}
            bars.append(
                [
                    (
                        names[value], f"{100 * counted[value] / cases:.1f}", count(counted[value]),
                        share(counted[value], cases, 0),
                    )
                    for value in order
                ]
            )  # fmt: skip
    assert headlines == expected
    assert read_bars(walk.page) == bars


def test_list(walk: Walk) -> None:
    shown = read_frame(walk.page, "call_post")
    listed = walk.own.head(LISTED)
    assert shown["incident"].tolist() == listed["incident_id"].tolist()
    columns = {
        "overdue_days": (listed["overdue_hours"] / 24, 0.0501), "held_days": (listed["held_days"], 0.0501),
        "used_share": (listed["used_share"], 0.00501), "transfers": (listed["transfers"], 0),
    }  # fmt: skip
    for name, (values, rounding) in columns.items():
        told = pytest.approx(values.to_numpy(float), abs=rounding, rel=0, nan_ok=True)
        assert shown[name].to_numpy(float) == told, name
    due = listed["due_at_local"].str[:16].str.replace("T", " ").fillna("").tolist()
    assert shown["due"].tolist() == due


def test_worklists_and_files_say_how_many_cases_they_have(walk: Walk) -> None:
    counts = {name: is_on(walk.own, name).sum() for name in WORKLISTS}
    counts["held"] = len(choose_held(walk))
    # What came from others is of the department where the case lies.
    counts["came_from_others"] = is_on(choose_held(walk), "came_from_others").sum()
    everything = "worklist.responsible" if walk.department else "worklist.all"
    options = [say(everything, cases=count(len(walk.own)))]
    options += [say("worklist.counted", name=say(f"list.{name}"), cases=count(counts[name])) for name in WORKLISTS]
    assert list(walk.page.selectbox[3].options) == options
    buttons = [button.proto.label for button in walk.page.get("download_button")]
    assert buttons == [say(f"worklist.{kind}", cases=count(len(walk.own))) for kind in ("csv", "xlsx")]


def test_no_other_text_holds_a_number(walk: Walk) -> None:
    expected = [say("ladder.off", cases=count(sum(climb(case)[0] < 0 for case in walk.own.to_dict("records"))))]
    if walk.department:
        expected.append(say("bounce.note", rows=6))
    if len(walk.own) > LISTED:
        expected.append(say("overdue.first_cases", shown=count(LISTED), cases=count(len(walk.own))))
    assert sorted(read_rest(walk.page)) == sorted(expected)
    # three frames at most, each with a test of its own, and one table
    assert len(walk.page.dataframe) == (2 if walk.department else 3)
    assert len(read_tables(walk.page)) == bool(walk.department)
    assert not walk.page.get("vega_lite_chart")


def test_the_choices_are_worth_a_walk(city: City) -> None:
    """Cases on every rung, of every worklist, late in every class of delay; else the walks above say little."""
    opened = read_export(city)
    assert {name for lists in opened["worklists"] for name in lists} == set(WORKLISTS) - {"held"}
    assert {climb(case)[0] for case in opened.to_dict("records")} == {-1, 0, 0.8, 1.0, 3.0}
    assert opened["overdue_age"].nunique() == 5
