"""Under-reporting on a tiny city whose truth is known: half of it goes pale, and audits bring it back."""

from __future__ import annotations

from governance.demo.under_reporting import simulate_under_reporting, write_document


def test_a_half_silent_half_of_the_city_pales_and_audits_mend_it() -> None:
    rows = simulate_under_reporting(seed=3, grids=300, incidents_per_day=300)
    share = {row.name: row.red_share_of_quiet for row in rows}
    caught = {row.name: row.captured_share for row in rows}
    assert share["half_report"] < 0.6 * share["all_report"]
    assert abs(share["all_report"] - share["truth"]) < 0.06
    gap = share["all_report"] - share["half_report"]
    assert share["audited_52"] - share["half_report"] > 0.7 * gap
    assert share["half_report"] < share["audited_4"] < share["audited_52"] + 0.03
    assert caught["half_report"] < caught["audited_52"] <= caught["truth"] + 0.02
    assert simulate_under_reporting(seed=3, grids=300, incidents_per_day=300) == rows
    text = write_document(rows, seed=3, grids=300, incidents_per_day=300)
    assert f"| everybody reports | {share['all_report']:.1%} |" in text
    assert "with 13 weeks of audits" in text
