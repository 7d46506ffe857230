"""What is to be exported: which list under which filters in which language, and what its reader must be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

import pandas as pd

from governance.city import City
from governance.errors import ConfigError
from governance.toml_model import nearest

LISTS = ("tiers", "overdue", "open", "cases", "grids", "extensions")
LANGUAGES = ("zh", "en")
WORKLISTS = (
    "held", "due_today", "near_due", "overdue", "seriously_overdue", "came_from_others", "not_accepted",
    "late_to_accept", "paused", "awaiting_check", "late_to_verify",
)  # fmt: skip
"""What `state` may name: "held" is what lies with a department, the others are the worklists of `out_open`."""
OPEN_STAGES = ("reported", "registered", "dispatched", "accepted", "disposed", "verified")


class Narrowing(TypedDict, total=False):
    """Filters of the list "open" beyond those of every list: a department, a worklist, a stage, a class of delay."""

    department: str | None
    state: str | None
    stage: str | None
    age: str | None


@dataclass(frozen=True)
class Order:
    """What is to be written: the list, its filters as ids, and the language of names."""

    what: str
    scenario: str | None
    district: str | None
    language: str
    narrowing: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def filters(self) -> dict[str, str | None]:
        """The values that the list's query takes."""
        chosen = {"scenario": self.scenario, "district": self.district, **self.narrowing}
        return {"district": self.district} if self.what == "grids" else chosen


def read_order(  # noqa: PLR0913  the filters of a list, each with a name
    city: City, what: str, *, scenario: str | None, district: str | None, language: str, narrowing: Narrowing
) -> Order:
    """The order with names turned into ids; raises ConfigError for anything unknown or that does not fit the list."""
    if what not in LISTS:
        raise ConfigError(f"There is no list {what!r}; known: {', '.join(LISTS)}{nearest(what, list(LISTS)) or '.'}")
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    if what == "grids" and scenario is not None:
        raise ConfigError("Grids belong to no scenario; leave the scenario out, or export tiers.")
    refuse_narrowing(what, **narrowing)
    names = city.ask("export_names")
    return Order(
        what,
        find_id(names, "scenario", scenario) if scenario else None,
        find_id(names, "district", district) if district else None,
        language,
        _read_narrowing(city, narrowing) if what == "open" else {},
    )


def refuse_narrowing(what: str, **narrowing: Unpack[Narrowing]) -> None:
    """Raise ConfigError if filters of the list "open" are given for another one."""
    given = [name for name, value in narrowing.items() if value]
    if what != "open" and given:
        raise ConfigError(f"{' and '.join(given)} cut the list `open`, not `{what}`; leave them out.")


def _read_narrowing(city: City, narrowing: Narrowing) -> dict[str, str | None]:
    department, names = narrowing.get("department"), city.ask("export_department_names")
    ages = tuple(city.ask("ui_overdue_ages")["overdue_age"])
    return {
        "department": find_id(names, "department", department) if department else None,
        "state": _check("state", narrowing.get("state"), WORKLISTS),
        "stage": _check("stage", narrowing.get("stage"), OPEN_STAGES),
        "age": _check("age", narrowing.get("age"), ages),
    }


def _check(kind: str, text: str | None, known: tuple[str, ...]) -> str | None:
    if text and text not in known:
        hint = nearest(text, list(known)) or "."
        raise ConfigError(f"There is no {kind} {text!r}; known: {', '.join(known)}{hint}")
    return text or None


def find_id(names: pd.DataFrame, kind: str, text: str) -> str:
    """The id that a text names: an id first, else a name in either language; raises ConfigError."""
    known = names[names["kind"] == kind]
    if text in set(known["id"]):
        return text
    said = text.strip().casefold()
    ids = known.loc[(known["name_zh"].str.casefold() == said) | (known["name_en"].str.casefold() == said), "id"]
    if len(ids) == 1:
        return str(ids.iloc[0])
    if len(ids) > 1:
        raise ConfigError(f"Several {kind}s are called {text!r}; give one of the ids {', '.join(sorted(ids))}.")
    every = [str(name) for column in ("id", "name_zh", "name_en") for name in known[column].dropna()]
    hint = nearest(text, every)
    listed = "" if hint else f"; known: {', '.join(known['id'])}."
    raise ConfigError(f"There is no {kind} {text!r}{hint}{listed}")


def list_notes(city: City, order: Order, rows: int) -> list[tuple[str, str]]:
    """What a reader of the list must know, as (name, text): moment, generation, filters, units, denominators."""
    english = order.language == "en"
    told = city.manifest["city"]
    moment = _local_moment(city).isoformat()
    warning = ("Synthetic data: invented for demonstration.", "合成数据：为演示而虚构。")
    real = ("Data of the city's own systems.", "城市业务系统数据。")
    every = ("all", "全部")
    notes = [
        (("City", "城市"), (told.get("name_en", ""), told.get("name_zh", ""))),
        (("Data", "数据性质"), warning if city.manifest["is_synthetic"] else real),
        (("Data as of", "数据截至"), (moment, moment)),
        (("Generation", "快照版本"), (city.generation, city.generation)),
        (("Time zone of *_at_local", "*_at_local 列时区"), (find_zone(city).key, find_zone(city).key)),
        (("Scenario", "场景"), (order.scenario, order.scenario) if order.scenario else every),
        (("District", "区县"), (order.district, order.district) if order.district else every),
        *((_NARROWED[name], (value, value)) for name, value in order.narrowing.items() if value),
        (("Rows", "行数"), (f"{rows:,}", f"{rows:,}")),
        *_EXPLAINED.get(order.what, ()),
    ]
    place = 0 if english else 1
    return [(name[place], text[place]) for name, text in notes]


_EXPECTED = (
    ("expected_reports_28d, p_any_28d", "expected_reports_28d、p_any_28d"),
    (
        "Reports expected in the 28 days after the moment; probability (0 to 1) of at least one.",
        "截至时刻之后28天内预计上报数；至少上报一件的概率（0至1）。",
    ),
)
_SEVERITY = (
    ("expected_severity_28d", "expected_severity_28d"),
    (
        "Expected reports times the mean severity weight of the grid's past reports; no tier hangs on it.",
        "预计上报数乘以该网格以往上报的平均严重度权重，分级不依据此数。",
    ),
)
_TIER = (
    ("tier, rank", "tier、rank"),
    (
        "red / yellow / green by capacity among all grids of the city for the scenario; rank 1 is the most hazardous.",
        "按该场景全市网格排序与巡查能力分红黄绿三级；rank 1 为风险最高。",
    ),
)
_HOURS = (
    ("overdue_hours, age_hours", "overdue_hours、age_hours"),
    (
        "Clock hours past the due time, and since the report; overdue: open, not disposed, due before the moment.",
        "超过截止时间、距上报的自然小时；超期：未结案、未处置且截止时间早于截至时刻。",
    ),
)
_AREA = (("area_km2", "area_km2"), ("Area in square kilometres.", "面积，平方千米。"))
_POINT = (("lon, lat", "lon、lat"), ("Degrees, WGS84 (EPSG:4326).", "经纬度，WGS84（EPSG:4326）。"))
_STATE = (
    ("state, worklists", "state、worklists"),
    (
        "The clock of the case in one word, and every list of the morning page on which it stands.",
        "案件计时状态（单一），以及该案所在的全部待办清单。",
    ),
)
_USED = (
    ("used_share, held_days", "used_share、held_days"),
    (
        "Time used / time allowed on the limit's own clock (1 is the limit); clock days with the present holder.",
        "已用时间/规定时限（按时限自身的计时方式，1 为到期）；在当前承办单位的自然日。",
    ),
)
_CALL = (
    ("rung_share, call_level, call_post_name", "rung_share、call_level、call_post_name"),
    (
        "Rung of escalation (blank: below the first), response level that answers, first post that the level adds.",
        "案件所处的升级梯级（空：未到首级）、应答的响应等级、该等级新增的首个岗位。",
    ),
)
_EXTRA = (
    ("extensions, mean_extra_hours", "extensions、mean_extra_hours"),
    (
        (
            "Extensions of the last 365 days by who had the case then; clock hours by which the deadline moved on, "
            "over the timed_extensions whose deadlines before and after are known."
        ),
        "近 365 天的延期，按当时承办的部门统计；期限后移的自然小时数，按延期前后期限均已知的 timed_extensions 件平均。",
    ),
)
_NARROWED = {
    "department": ("Department", "部门"),
    "state": ("Worklist", "清单"),
    "stage": ("Stage", "环节"),
    "age": ("Class of delay", "超期时长"),
}
_EXPLAINED = {
    "tiers": (_EXPECTED, _SEVERITY, _TIER, _AREA, _POINT),
    "overdue": (_HOURS, _POINT),
    "open": (_STATE, _HOURS, _USED, _CALL, _POINT),
    "cases": (_HOURS, _POINT),
    "grids": (_AREA, _POINT),
    "extensions": (_EXTRA,),
}


def find_zone(city: City) -> ZoneInfo:
    """The city's own clock."""
    return ZoneInfo(city.manifest["city"]["timezone"])


def _local_moment(city: City) -> Any:
    return pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert(find_zone(city))
