"""Cases as the platform would export them: a table of incidents and a table of events, with Chinese columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from governance.demo.incidents import Cases, World
from governance.demo.log_faults import order_rows
from governance.demo.plane import Floats
from governance.demo.steps import CLOSED, DISPATCHED, DISPOSED, EXTENDED, NO_REASON, REGISTERED, STEPS, Lives
from governance.demo.tessellation import Integers

_DAY = 86_400
_STATUS_AFTER = {
    "上报": "待派遣", "立案": "待派遣", "派遣": "待签收", "转办": "待签收", "退回": "待派遣", "签收": "处置中",
    "延期": "处置中", "暂停": "暂停中", "恢复": "处置中", "处置完成": "待核查", "重开": "处置中", "核查": "待结案",
    "结案": "已结案", "评价": "已结案", "作废": "已作废",
}  # fmt: skip
_ACTIONS = (*_STATUS_AFTER, "受理")
_STATUSES = tuple(dict.fromkeys(_STATUS_AFTER.values()))
_SOURCES = ("群众上报", "巡查发现")
_FAKE_PEOPLE = 500
_TIME = pa.timestamp("ms")


@dataclass(frozen=True)
class Texts:
    """The texts that dictionary columns point into."""

    categories: pa.Array
    departments: pa.Array
    actions: pa.Array
    statuses: pa.Array
    reasons: pa.Array
    sources: pa.Array
    people: pa.Array
    phones: pa.Array


def make_texts(world: World) -> Texts:
    """All texts once. People and telephone numbers are plainly false."""
    numbers = range(_FAKE_PEOPLE)
    return Texts(
        *(
            pa.array(values, pa.string())
            for values in (
                world.catalogue.categories,
                world.catalogue.department_names,
                _ACTIONS,
                _STATUSES,
                world.catalogue.reasons.texts,
                _SOURCES,
                [f"演示人{number:03d}" for number in numbers],
                [f"000-0000-{number:04d}" for number in numbers],
            )
        )
    )


def number_cases(at: Integers) -> Integers:
    """Ids yyyymmdd * 1e6 + number within the day from 1; `at` is sorted."""
    day = at // _DAY
    first = np.searchsorted(day, day)
    date = day.astype("datetime64[D]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_month = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    ids: Integers = (year * 10_000 + month * 100 + of_month) * 1_000_000 + np.arange(len(at)) - first + 1
    return ids


def make_events(cases: Cases, texts: Texts, *, end: int) -> pa.Table:
    """One row per event before `end` (local seconds), case by case, but for planted faults in the order of time."""
    lives = cases.lives
    row, step = order_rows(lives, *np.nonzero(lives.happens & (lives.at < end)))
    action = np.array([_ACTIONS.index(name) for name in STEPS], dtype=np.int8)[step]
    department = lives.department[row, step]
    # Two words for one step, as in a real platform: half of the departments write 受理, the others 签收.
    action[(action == _ACTIONS.index("签收")) & (department % 2 == 1)] = _ACTIONS.index("受理")
    reason = lives.reason[row, step]
    return pa.table(
        {
            "事件编号": number_cases(cases.reports.at)[row],
            "动作": pa.DictionaryArray.from_arrays(action, texts.actions),
            "时间": _to_time(lives.at[row, step]),
            "单位": pa.DictionaryArray.from_arrays(department, texts.departments),
            "原因": pa.DictionaryArray.from_arrays(pa.array(reason, mask=reason == NO_REASON), texts.reasons),
            "延期至": _list_extensions(lives, row, step),
        }
    )


def _list_extensions(lives: Lives, row: Integers, step: Integers) -> pa.Array:
    """The day until which a case is extended, of the events that extend one."""
    return pa.array(lives.extended_until[row], pa.int32(), mask=step != EXTENDED).cast(pa.date32())


def make_incidents(cases: Cases, world: World, texts: Texts, *, end: int, rng: np.random.Generator) -> pa.Table:
    """One row per case, as it stands at `end` (local seconds)."""
    lives, reports, catalogue = cases.lives, cases.reports, world.catalogue
    seen = lives.happens & (lives.at < end)
    rows = np.arange(len(seen))
    last = len(STEPS) - 1 - np.argmax(seen[:, ::-1], axis=1)
    lon, lat = world.places.locate(reports.place, rng)
    due, has_due = _set_due(cases, world, rng)
    status = np.array([_STATUSES.index(_STATUS_AFTER[name]) for name in STEPS], dtype=np.int8)
    person = rng.integers(0, _FAKE_PEOPLE, len(rows)).astype(np.int16)
    return pa.table(
        {
            "事件编号": number_cases(reports.at),
            "上报时间": _to_time(reports.at),
            "结案时间": _to_time(lives.at[:, CLOSED], ~seen[:, CLOSED]),
            "截止时间": _to_time(due, ~has_due),
            "更新时间": _to_time(np.where(seen, lives.at, 0).max(axis=1)),
            "经度": lon,
            "纬度": lat,
            "事件类别": pa.DictionaryArray.from_arrays(cases.scene.astype(np.int16), texts.categories),
            "主办单位": pa.DictionaryArray.from_arrays(_find_holder(lives.department, last), texts.departments),
            "当前状态": pa.DictionaryArray.from_arrays(status[last], texts.statuses),
            "严重程度": _draw_severity(catalogue.severity_weight[cases.scene], rng),
            "来源": pa.DictionaryArray.from_arrays(cases.discovered.astype(np.int8), texts.sources),
            "地点编码": world.places.name(reports.place),
            "上报人": pa.DictionaryArray.from_arrays(person, texts.people),
            "联系电话": pa.DictionaryArray.from_arrays(person, texts.phones),
        }
    )


def _find_holder(department: NDArray[np.int8], last: Integers) -> NDArray[np.int8]:
    """The department that holds the case, or disposed of it."""
    step = np.where(last <= REGISTERED, DISPATCHED, np.where(last > DISPOSED, DISPOSED, last))
    held: NDArray[np.int8] = department[np.arange(len(last)), step]
    return held


def _set_due(cases: Cases, world: World, rng: np.random.Generator) -> tuple[Integers, NDArray[np.bool_]]:
    """A due time from the limit in most rows of the scenarios whose platform writes one."""
    catalogue = world.catalogue
    due = cases.reports.at + catalogue.dispose_seconds[cases.scene].astype(np.int64)
    written = catalogue.collect("row_due")[cases.reports.scenario] > 0
    return due, written & (rng.random(len(due)) < catalogue.planted.shares["row_due"])


def _draw_severity(weight: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
    """1 to 3; grave scenes are more often grave."""
    grave = np.minimum(0.04 * weight, 0.3)
    luck = rng.random(len(weight))
    return (1 + (luck < 3 * grave) + (luck < grave)).astype(np.int8)


def _to_time(seconds: Integers, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(seconds * 1000, pa.int64(), mask=missing).cast(_TIME)
