"""The register of disputes on the scenario page: what the log shows, what would settle it, and its download."""

from __future__ import annotations

from functools import partial

import pandas as pd

from governance.city import City
from governance.disputes import export_disputes, word_disputes
from governance.exports import read_bytes
from governance.ui import parts
from governance.ui.city_cache import keep_with_city
from governance.ui.downloads import offer_downloads
from governance.ui.view import View


def show_disputes(view: View, scenario: str) -> None:
    """Contested rules as sentences with a proposal each; they are all of the city, whatever unit is chosen."""
    parts.show_title(view.say("disputes.title"), view.say("disputes.note"))
    frame = _list_disputes(view.city, scenario, view.language)
    if frame.empty:
        parts.show_note(view.say("disputes.none"))
        return
    parts.show_table(
        [
            parts.Column(view.say("column.cases"), is_number=True),
            parts.Column(view.say("disputes.finding"), is_wide=True),
            parts.Column(view.say("disputes.proposal"), is_wide=True),
        ],
        ((view.count(row["cases"]), row["finding"], row["proposal"]) for row in frame.to_dict("records")),
    )
    rows = view.count(len(frame))
    offer_downloads(
        view,
        "disputes",
        {kind: view.say("disputes.download", rows=rows, kind=kind.upper()) for kind in ("xlsx", "csv")},
        partial(_write_file, view, scenario),
        named=(scenario,),
    )


@keep_with_city(100)
def _list_disputes(city: City, scenario: str, language: str) -> pd.DataFrame:
    return word_disputes(city, city.disputes(scenario=scenario), language=language)


def _write_file(view: View, scenario: str, kind: str) -> bytes:
    return read_bytes(
        f"disputes.{kind}",
        lambda out: export_disputes(view.city, out, scenario=scenario, language=view.language),
    )
