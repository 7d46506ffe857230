"""The registry of indicators: names, numerators, denominators, exclusions; the formulas are read from the SQL."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from governance import warehouse
from governance.errors import ConfigError, join_faults
from governance.toml_model import Strict, nearest, read_model

MAIN = "main"
"""The variant that an indicator's name means when nothing is added."""

Kind = Literal["count", "share", "mean", "score"]
Question = Literal["count", "holding", "recurrence", "composite"]
_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_FORMULA = re.compile(r"^\s*\('(\w+)', '(\w+)', (?:'\w+', )?(.+?), ([^,]+)\),?$", re.MULTILINE)


class Variant(Strict):
    """Another formula that practice uses under the indicator's name."""

    id: _Identifier
    name_zh: _Text
    name_en: _Text
    numerator_zh: _Text
    numerator_en: _Text
    denominator_zh: _Text
    denominator_en: _Text


class Indicator(Strict):
    """One indicator. A "count" has no denominator, a "share" lies in 0..1, a "mean" is per unit, a "score" sums shares.

    `question` says which `ask_indicator_*.sql` holds its formula ("composite": the registry's weights).
    """

    id: _Identifier
    name_zh: _Text
    name_en: _Text
    kind: Kind
    direction: Literal["higher", "lower", "none"]
    question: Question
    numerator_zh: _Text
    numerator_en: _Text
    denominator_zh: _Text | None = None
    denominator_en: _Text | None = None
    exclusions_zh: _Text | None = None
    exclusions_en: _Text | None = None
    source_zh: _Text
    source_en: _Text
    variants: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _shows_its_denominator(self) -> Self:
        told = self.denominator_zh is not None and self.denominator_en is not None
        if told == (self.kind == "count"):
            raise ValueError(
                "every indicator but a count says its denominator in both languages, and a count has none."
            )
        return self

    @property
    def variant_ids(self) -> tuple[str, ...]:
        """`MAIN`, then the other variants."""
        return (MAIN, *(variant.id for variant in self.variants))


class Registry(Strict):
    """The whole of `indicators.toml`."""

    minimum_volume: int = Field(ge=1)
    exclusions_zh: _Text
    exclusions_en: _Text
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    composite: dict[_Identifier, Annotated[float, Field(gt=0, allow_inf_nan=False)]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ids = [entry.id for entry in self.indicators]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"indicators stand twice: {', '.join(twice)}; remove one of each.")
        check_weights(self.composite, {entry.id: entry for entry in self.indicators})
        return self

    def find(self, indicator: str) -> Indicator:
        """The entry of an id; raises ConfigError with the nearest known one."""
        for entry in self.indicators:
            if entry.id == indicator:
                return entry
        known = [entry.id for entry in self.indicators]
        raise ConfigError(
            f"There is no indicator {indicator!r}{nearest(indicator, known) or '; known: ' + ', '.join(known) + '.'}"
        )


@cache
def load_registry() -> Registry:
    """The registry that ships with the package."""
    return read_model(Path(__file__).with_name("indicators.toml"), Registry)


def check_weights(weights: dict[str, float], known: dict[str, Indicator]) -> None:
    """Raise ConfigError with every weight that a composite score cannot use."""
    faults = [f"`{name}` is no indicator{nearest(name, list(known)) or '.'}" for name in weights if name not in known]
    faults += [
        f"`{name}` is no share with a better direction, so it cannot be weighed."
        for name in weights
        if name in known and (known[name].kind != "share" or known[name].direction == "none")
    ]
    faults += [f"`{name}` weighs {weight}; a weight is above 0." for name, weight in weights.items() if not weight > 0]
    if faults or not weights:
        raise ConfigError(
            join_faults("The weights of the composite score cannot be used:", faults or ["there are none."])
        )


@cache
def read_formulas(question: Question) -> dict[tuple[str, str], tuple[str, str]]:
    """Numerator and denominator, as the SQL says them, by indicator and variant; "composite" has none."""
    if question == "composite":
        return {}
    found = _FORMULA.findall(warehouse.read_sql(f"ask_indicator_{question}"))
    return {(indicator, variant): (numerator, denominator) for indicator, variant, numerator, denominator in found}
