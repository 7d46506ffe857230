"""What became of every input row: the accounts of a snapshot, for people and for machines."""

from __future__ import annotations

from typing import Any

from governance.city import City


def report_health(city: City) -> dict[str, Any]:
    """Files with their exact accounts and reasons, location and mapping counts, and the snapshot's checks.

    Shape: {generation, as_of, files: [{source, file, read, accepted, quarantined, duplicate,
    reasons: {code: rows}}], locations: [{source, location_status, rows}], unmapped: [{source, category, rows}],
    moves: [{state, is_paused, kind, events, cases}] (what breaks the procedure; the last one, without a kind, is
    the total), checks: [{name, failing_rows}]}.
    """
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for row in city.ask("health_reasons").to_dict("records"):
        reasons.setdefault((row["source"], row["file"]), {})[row["code"]] = int(row["rows"])
    files = [
        {
            **{name: row[name] for name in ("source", "file")},
            **{name: int(row[name]) for name in ("read", "accepted", "quarantined", "duplicate")},
            "reasons": reasons.get((row["source"], row["file"]), {}),
        }
        for row in city.ask("health_files").to_dict("records")
    ]
    return {
        "generation": city.generation,
        "as_of": city.as_of_utc.isoformat() + "Z",
        "files": files,
        "locations": city.ask("health_locations").to_dict("records"),
        "unmapped": city.ask("health_unmapped").to_dict("records"),
        "moves": [
            {**row, "events": int(row["events"]), "cases": int(row["cases"])}
            for row in city.ask("health_moves")
            .astype(object)
            .where(lambda frame: frame.notna(), None)
            .to_dict("records")
        ],
        "checks": city.ask("health_checks").to_dict("records"),
    }
