"""What a page gets: one generation of a city in one language, and the answers to its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from governance.city import City
from governance.indicators import ask_indicators
from governance.indicators.registry import MAIN, load_registry
from governance.ui import language as words
from governance.ui.city_cache import keep_with_city

# The frames of pages are small: to wrap each text for Arrow and back takes a quarter of a page's time.
pd.set_option("mode.string_storage", "python")
CHECK = "~check"
DESK = "~desk"
NONE = "~none"
UNMAPPED = "~unmapped"
UNMATCHED = "~unmatched"
_LONG_HOURS = 48


@dataclass(frozen=True)
class Answers:
    """The city as the registry of indicators asks it: each question is answered once per generation."""

    city: City

    @property
    def as_of_utc(self) -> datetime:
        """The moment of the snapshot, naive UTC."""
        return self.city.as_of_utc

    @property
    def manifest(self) -> dict[str, Any]:
        """What the snapshot was made of."""
        return self.city.manifest

    def ask(self, name: str, /, **params: Any) -> pd.DataFrame:
        """The answer of `sql/ask_<name>.sql`.

        Of a question about some indicators, that about all is kept: it costs the same, and the next one is among them.
        """
        wanted = params.get("indicators")
        if wanted is None:
            return _ask(self.city, name, **_freeze(params))
        every = [entry.id for entry in load_registry().indicators]
        rows = _ask(self.city, name, **_freeze({**params, "indicators": every}))
        return rows[rows["indicator"].isin(wanted)].reset_index(drop=True)

    def once(self, make: Callable[..., Any], *args: Any) -> Any:
        """As `View.once`: for what is made of something else that is made once."""
        return _make_once(self.city, make, *args)


@dataclass(frozen=True)
class View:
    """A city in a language; `ask` answers from the snapshot, once per generation for all visitors."""

    city: City
    language: str

    @property
    def zone(self) -> ZoneInfo:
        """The city's own clock."""
        return ZoneInfo(str(self.city.manifest["city"].get("timezone", "UTC")))

    @property
    def city_name(self) -> str:
        """The city's name."""
        city = self.city.manifest["city"]
        return str(city.get(f"name_{self.language}") or city.get("id", ""))

    def say(self, key: str, /, **values: object) -> str:
        """A text in the view's language."""
        return words.say(self.language, key, **values)

    def word(self, section: str, code: Any) -> str:
        """What a code of the snapshot (a stage, a tier, a place) is called; the code itself if it has no name yet."""
        key = f"{section}.{code}"
        return words.load_texts(self.language).get(key, str(code))

    def ask(self, name: str, **params: Any) -> pd.DataFrame:
        """The answer of `sql/ask_ui_<name>.sql`."""
        return _ask(self.city, f"ui_{name}", **_freeze(params))

    def ask_row(self, name: str, **params: Any) -> dict[str, Any] | None:
        """The first row of an answer, or nothing."""
        row = _ask_row(self.city, f"ui_{name}", **_freeze(params))
        return None if row is None else dict(row)

    def indicators(self, names: Sequence[str], *, by: str | None = None, **cut: Any) -> pd.DataFrame:
        """The registry's answer, as `City.indicators` gives it, once per generation for all visitors."""
        cut |= {"by": by} if by else {}
        return _ask_registry(self.city, tuple(names), tuple(sorted(cut.items())))

    def figure(self, names: Sequence[str], indicator: str, *, variant: str = MAIN, **cut: Any) -> dict[str, Any]:
        """One value of the registry with its numerator and denominator; `names` are asked together, once."""
        return dict(_list_figures(self.city, tuple(names), tuple(sorted(cut.items())))[indicator, variant])

    def once(self, make: Callable[..., Any], *args: Any) -> Any:
        """What a function makes of the city (`Answers`, its first argument), once per generation; not to be changed."""
        return _make_once(self.city, make, *args)

    def names(self, question: str, column: str) -> Mapping[str, str]:
        """Ids and their names in the view's language, in the answer's order."""
        return _list_names(self.city, question, column, f"name_{self.language}")

    def department_name(self, department: Any) -> str:
        """The name of a department or another holder; its id if it has none, words if there is no department."""
        if department is None or department != department or department == NONE:  # noqa: PLR0124  NaN from a frame
            return self.say("name.no_department")
        if department in {DESK, CHECK}:
            return self.say("name.desk" if department == DESK else "name.check")
        return self.names("departments", "department").get(department, str(department))

    def scenario_name(self, scenario: Any) -> str:
        """The name of a scenario; words for cases that lie in none."""
        if scenario is None or scenario != scenario or scenario == UNMAPPED:  # noqa: PLR0124  NaN from a frame
            return self.say("name.unmapped")
        return self.names("scenarios", "scenario").get(scenario, str(scenario))

    def count(self, value: Any) -> str:
        """A whole number as the language writes it."""
        return words.format_count(self.language, value)

    def decimal(self, value: Any, *, digits: int = 1) -> str:
        """A number with digits after the point."""
        return words.format_decimal(self.language, value, digits=digits)

    def number(self, value: Any) -> str:
        """A number with as many digits after the point as it has."""
        return words.format_number(self.language, value)

    def duration(self, hours: Any) -> str:
        """A time given in hours: in hours up to two days, then in days."""
        if hours is None or pd.isna(hours) or hours >= _LONG_HOURS:
            days = None if hours is None or pd.isna(hours) else hours / 24
            return words.MISSING if days is None else self.say("unit.days", value=self.decimal(days))
        if hours < 1:
            return self.say("unit.under_hour")
        return self.say("unit.hours", value=self.decimal(hours, digits=0 if float(hours).is_integer() else 1))

    def share(self, value: Any, *, digits: int = 1) -> str:
        """A share as percent."""
        return words.format_share(self.language, value, digits=digits)

    def chance(self, value: Any) -> str:
        """A small probability with two significant digits."""
        return words.format_chance(self.language, value)

    def interval(self, value: Any, low: Any, high: Any) -> str:
        """A share as percent with its interval."""
        return words.format_interval(self.language, value, low, high)

    def points(self, value: Any) -> str:
        """A difference of two shares, given in points (100 x), with its sign."""
        return words.format_points(self.language, value)

    def effect(self, value: Any, scale: str, *, with_unit: bool = True) -> str:
        """An effect of a pilot with its sign, in points (0.1 is ten) or relative."""
        return words.format_effect(self.language, value, scale, with_unit=with_unit)

    def date(self, day: Any) -> str:
        """A local day as the language writes it."""
        return words.format_date(self.language, day)

    def short_date(self, day: Any) -> str:
        """A local day without its year."""
        return words.format_short_date(self.language, day)

    def month(self, day: Any) -> str:
        """The month of a local day, with its year."""
        return words.format_period(self.language, "month", day)

    def change(self, value: Any) -> str:
        """A relative change with its sign."""
        return words.format_change(self.language, value)

    def day(self, moment_utc: Any) -> str:
        """The day of a moment on the city's clock."""
        return words.format_day(self.language, moment_utc, self.zone)

    def moment(self, moment_utc: Any) -> str:
        """A moment on the city's clock."""
        return words.format_moment(self.language, moment_utc, self.zone)

    def short_moment(self, moment_utc: Any) -> str:
        """A moment on the city's clock in figures, for tables of many; a dash if there is none."""
        return words.format_local(moment_utc, self.zone) or words.MISSING


# A page asks for hundreds of these: Streamlit's own cache, which writes each answer to bytes and reads it again, would
# take longer to find them than to make most pages.
@keep_with_city(50)
def _list_names(city: City, question: str, column: str, name: str) -> Mapping[str, str]:
    frame = city.ask(f"ui_{question}")
    return MappingProxyType(dict(zip(frame[column], frame[name], strict=True)))


def _freeze(params: dict[str, Any]) -> dict[str, Any]:
    """The values of a question with lists as tuples, which can be the key of an answer."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in params.items()}


@keep_with_city(4000)
def _ask(city: City, name: str, /, **params: Any) -> pd.DataFrame:
    return city.ask(name, **{key: list(value) if isinstance(value, tuple) else value for key, value in params.items()})


@keep_with_city(500)
def _ask_row(city: City, name: str, /, **params: Any) -> dict[str, Any] | None:
    rows = _ask(city, name, **params).head(1).to_dict("records")
    return {str(key): value for key, value in rows[0].items()} if rows else None


@keep_with_city(500)
def _ask_registry(city: City, names: tuple[str, ...], cut: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    return ask_indicators(Answers(city), indicators=names, **dict(cut))


@keep_with_city(500)
def _list_figures(
    city: City, names: tuple[str, ...], cut: tuple[tuple[str, Any], ...]
) -> Mapping[tuple[str, str], dict[str, Any]]:
    rows = _ask_registry(city, names, cut).to_dict("records")
    return {(row["indicator"], row["variant"]): {str(key): value for key, value in row.items()} for row in rows}


@keep_with_city(500)
def _make_once(city: City, make: Callable[..., Any], *args: Any) -> Any:
    return make(Answers(city), *args)
