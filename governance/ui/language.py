"""The two languages of the screens: texts from one table each, numbers and dates as the language writes them."""

from __future__ import annotations

import math
import string
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from babel import Locale, dates, numbers

LANGUAGES = ("zh", "en")
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
# The objects, not their names: the library would find each name again, behind one lock for all visitors.
_LOCALES = {"zh": Locale.parse("zh_Hans_CN"), "en": Locale.parse("en_GB")}
MISSING = "–"
_LEAST_CHANCE = 1e-6


@lru_cache
def load_texts(language: str) -> Mapping[str, str]:
    """All texts of a language by dotted key, from `texts/<language>.toml`."""
    document = tomllib.loads(files("governance.ui").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{part}.{key}": text for part, texts in document.items() for key, text in texts.items()}


def say(language: str, key: str, /, **values: object) -> str:
    """The text of a key with its `{names}` filled in; raises KeyError for a key that the table lacks.

    `{cases:case|cases}` is one of the words, as the language counts the value `cases` (a number, or one as written).
    """
    return fill_text(language, load_texts(language)[key], **values)


def fill_text(language: str, text: str, /, **values: object) -> str:
    """A text of the table with its `{names}` filled in, see `say`."""
    # Most texts count nothing, and the plain way is ten times faster.
    return _Counting(language).vformat(text, (), values) if "|" in text else text.format(**values)


class _Counting(string.Formatter):
    """A formatter that knows one form and others: in a field `name:one|other`, what follows the colon."""

    def __init__(self, language: str) -> None:
        self._locale = _LOCALES[language]

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        one, other = format_spec.split("|")
        return one if _find_plural(self._locale, value) == "one" else other


def _find_plural(locale: Locale, value: Any) -> str:
    """The CLDR's form for a value; what is no number, such as a dash, counts as many."""
    try:
        number = numbers.parse_decimal(value, locale=locale) if isinstance(value, str) else value
    except numbers.NumberFormatError:
        return "other"
    return str(locale.plural_form(number))


def prefer_language(browser_locale: str | None) -> str:
    """The language that a browser asks for first: Chinese for any zh locale, else English."""
    return "zh" if (browser_locale or "zh").lower().startswith("zh") else "en"


def format_count(language: str, value: Any) -> str:
    """A whole number, or a dash if there is none."""
    return MISSING if _is_missing(value) else str(numbers.format_decimal(int(value), locale=_LOCALES[language]))


def format_decimal(language: str, value: Any, *, digits: int = 1) -> str:
    """A number with so many digits after the point, or a dash if there is none."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return MISSING if _is_missing(value) else str(numbers.format_decimal(value, pattern, locale=_LOCALES[language]))


def format_number(language: str, value: Any) -> str:
    """A number with no more digits after the point than it has (three at most), or a dash if there is none."""
    return MISSING if _is_missing(value) else str(numbers.format_decimal(value, "#,##0.###", locale=_LOCALES[language]))


def format_share(language: str, value: Any, *, digits: int = 1) -> str:
    """A share as percent, or a dash where the denominator was empty."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return MISSING if _is_missing(value) else str(numbers.format_percent(value, pattern, locale=_LOCALES[language]))


def format_chance(language: str, value: Any) -> str:
    """A small probability with two significant digits; below one in a million, that it is below."""
    if _is_missing(value):
        return MISSING
    if value < _LEAST_CHANCE:
        return f"< {numbers.format_decimal(_LEAST_CHANCE, '0.######', locale=_LOCALES[language])}"
    return str(numbers.format_decimal(value, "@@", locale=_LOCALES[language]))


def format_change(language: str, value: Any) -> str:
    """A relative change as percent with its sign, or a dash where there was nothing to compare with."""
    if _is_missing(value):
        return MISSING
    return _drop_sign_of_zero(str(numbers.format_percent(value, "+#,##0.0%;-#,##0.0%", locale=_LOCALES[language])))


def format_interval(language: str, value: Any, low: Any, high: Any) -> str:
    """A share as percent with the ends of its interval, or a dash where the denominator was empty."""
    if _is_missing(value) or _is_missing(low):
        return format_share(language, value)
    ends = [format_decimal(language, 100 * end) for end in (low, high)]
    return say(language, "unit.interval", value=format_share(language, value), low=ends[0], high=ends[1])


def format_points(language: str, value: Any) -> str:
    """A number with its sign, such as a change in points, or a dash if there is none."""
    if _is_missing(value):
        return MISSING
    return _drop_sign_of_zero(str(numbers.format_decimal(value, "+#,##0.0;-#,##0.0", locale=_LOCALES[language])))


def _drop_sign_of_zero(text: str) -> str:
    """A change that is rounded to nothing went neither up nor down."""
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def format_effect(language: str, value: Any, scale: str, *, with_unit: bool = True) -> str:
    """An effect with its sign: in points if its scale is "points" (0.1 is ten), else relative in percent."""
    if scale != "points" or _is_missing(value):
        return format_change(language, value)
    told = format_points(language, 100 * value)
    return say(language, "unit.points", value=told) if with_unit else told


def format_date(language: str, day: date) -> str:
    """A day of the calendar."""
    return str(dates.format_date(day, "y年M月d日" if language == "zh" else "d MMM y", locale=_LOCALES[language]))


def format_short_date(language: str, day: date) -> str:
    """A day of the calendar without its year, for the axis of a time that is told beside it."""
    return str(dates.format_date(day, "M/d" if language == "zh" else "d MMM", locale=_LOCALES[language]))


def format_period(language: str, period: str, since: date) -> str:
    """The month, quarter or year that begins with a day."""
    zh = {"month": "y年M月", "quarter": "y年第Q季度", "year": "y年"}
    en = {"month": "MMMM y", "quarter": "QQQ y", "year": "y"}
    return str(dates.format_date(since, (zh if language == "zh" else en)[period], locale=_LOCALES[language]))


def format_moment(language: str, moment_utc: Any, zone: ZoneInfo) -> str:
    """A naive UTC moment as date and minute on the city's clock."""
    if _is_missing(moment_utc):
        return MISSING
    local = moment_utc.replace(tzinfo=UTC).astimezone(zone)
    pattern = "y年M月d日 HH:mm" if language == "zh" else "d MMM y, HH:mm"
    return str(dates.format_datetime(local, pattern, locale=_LOCALES[language]))


def format_day(language: str, moment_utc: Any, zone: ZoneInfo) -> str:
    """The day of a naive UTC moment on the city's clock."""
    if _is_missing(moment_utc):
        return MISSING
    local = moment_utc.replace(tzinfo=UTC).astimezone(zone)
    return str(dates.format_date(local, "y年M月d日" if language == "zh" else "d MMM y", locale=_LOCALES[language]))


@lru_cache
def name_zone(language: str, moment_utc: datetime, zone: ZoneInfo) -> str:
    """What the city's clock is called at a naive UTC moment, such as China Standard Time."""
    local = moment_utc.replace(tzinfo=UTC).astimezone(zone)
    return str(dates.get_timezone_name(local, locale=_LOCALES[language]))


def format_local(moment_utc: Any, zone: ZoneInfo) -> str:
    """A naive UTC moment on the city's clock in a form that sorts; empty if there is none."""
    if _is_missing(moment_utc):
        return ""
    # Long lists are told so: Python's own moments are changed five times as fast as those of pandas.
    plain = moment_utc.to_pydatetime(warn=False) if isinstance(moment_utc, pd.Timestamp) else moment_utc
    return str(plain.replace(tzinfo=UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M"))


def format_age(language: str, start_utc: datetime, end_utc: datetime) -> str:
    """How long ago, in the largest unit of which there are two; in hours at least."""
    return str(dates.format_timedelta(end_utc - start_utc, granularity="hour", threshold=2, locale=_LOCALES[language]))


def _is_missing(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, float) and math.isinf(value))  # noqa: PLR0124  NaN, NaT
