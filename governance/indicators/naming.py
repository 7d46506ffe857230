"""Names beside ids: what districts, towns, scenarios, departments and indicators are called."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from governance.indicators.asking import Asks
from governance.indicators.registry import MAIN, load_registry

Language = Literal["zh", "en"]
_NAMED = ("level_1_id", "level_2_id", "scenario", "department")


def add_names(city: Asks, frame: pd.DataFrame, *, language: Language) -> pd.DataFrame:
    """The frame with a column such as `department_name` after each id; an id without a name stands for itself."""
    out: dict[str, pd.Series] = {}
    for column in frame.columns:
        out[column] = frame[column]
        if column in _NAMED:
            known = pd.Series(list_names(city, column, language), dtype="str")
            out[f"{column.removesuffix('_id')}_name"] = frame[column].map(known).fillna(frame[column])
        if column == "variant":
            pairs = zip(frame["indicator"], frame["variant"], strict=True)
            titles = [name_indicator(indicator, variant, language=language) for indicator, variant in pairs]
            out["indicator_name"] = pd.Series(titles, index=frame.index, dtype="str")
    return pd.DataFrame(out)


def list_names(city: Asks, column: str, language: Language) -> dict[str, str]:
    """The names of a slice's ids, such as `department`; of an id that comes twice, the first one."""
    names = city.ask("indicator_names")
    own = names[names["slice"] == column].drop_duplicates("id").dropna(subset=f"name_{language}")
    return dict(zip(own["id"].tolist(), own[f"name_{language}"].tolist(), strict=True))


def name_indicator(indicator: str, variant: str = MAIN, *, language: Language) -> str:
    """What an indicator or one of its variants is called."""
    entry = load_registry().find(indicator)
    told = next((other for other in entry.variants if other.id == variant), entry)
    return told.name_zh if language == "zh" else told.name_en
