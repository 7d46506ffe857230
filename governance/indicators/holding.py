"""Who the time goes to: the working hours of an average case, charged to those who held it."""

from __future__ import annotations

from datetime import date
from typing import Unpack

import pandas as pd

from governance.indicators.asking import Asks, Where, ask_indicators

DESK, CHECK = "~desk", "~check"


def charge_hours(city: Asks, *, since: date | None = None, **where: Unpack[Where]) -> pd.DataFrame:
    """One row per holder of the cases reported from the month of `since` on, the most hours first.

    department ("~desk": waiting at the dispatching room, "~check": waiting for verification), work_hours, stretches,
    hours_per_stretch, cases (all cases of the choice), hours_per_case (work_hours / cases: these add up to the
    hours of an average case), share (of all hours). Blank where there is no case or no hour.
    """
    held = ask_indicators(city, indicators=["holding_hours"], by="department", since=since, **where)
    whole = ask_indicators(city, indicators=["registered_cases"], cohort="reported", since=since, **where)
    cases, hours = whole["numerator"].iloc[0], held["numerator"].sum()
    frame = pd.DataFrame(
        {
            "department": held["department"],
            "work_hours": held["numerator"],
            "stretches": held["denominator"],
            "hours_per_stretch": held["value"],
            "cases": int(cases),
            "hours_per_case": held["numerator"] / cases if cases else float("nan"),
            "share": held["numerator"] / hours if hours else float("nan"),
        }
    )
    return frame.sort_values(["work_hours", "department"], ascending=[False, True], ignore_index=True)
