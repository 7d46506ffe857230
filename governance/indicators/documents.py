"""The registry as a document: docs/indicators.md is what `write_document` gives."""

from __future__ import annotations

from governance.indicators.registry import MAIN, Indicator, Registry, load_registry, read_formulas

_HEAD = """# Indicators

Made from the registry (`governance/indicators/indicators.toml` and the SQL that holds the formulas) by
`python -m governance indicators --docs`; a test keeps it current. Each number on a page, in an export or in a
notebook is one of these.

An empty denominator gives blank, never 0 % or 100 %. Totals are recomputed from counts. Cases not yet due are in no
denominator; what was closed late still counts as late. Shares have a 95 % interval (Wilson); who has fewer than
{volume} cases in the denominator is not ranked. {exclusions_en} {exclusions_zh}

Cases are dated by their report (cohort `reported`) or by their limit (cohort `due`: of disposal or of closing,
whichever the indicator is about). Counts of cases are by the same date, so with `due` a case without a limit is in none
of them: ask for `reported` to count every case. Not here, because they are no shares of cases: hit rates of inspections
([tiers.md](tiers.md)), capture and PAI of the forecast ([backtest.md](backtest.md)).
"""
_BETTER = {"higher": "higher is better", "lower": "lower is better", "none": "no direction is better"}
_COLUMNS = ("what", "中文", "English")


def write_document() -> str:
    """The whole document in Markdown."""
    registry = load_registry()
    volume, zh, en = registry.minimum_volume, registry.exclusions_zh, registry.exclusions_en
    parts = [_HEAD.format(volume=volume, exclusions_zh=zh, exclusions_en=en), _list_overview(registry)]
    parts += [describe_indicator(entry) for entry in registry.indicators]
    return "\n".join(parts)


def describe_indicator(entry: Indicator) -> str:
    """One indicator in Markdown: what it divides by what, its variants, exclusions and source."""
    rows = [
        ("numerator", entry.numerator_zh, entry.numerator_en),
        ("denominator", entry.denominator_zh, entry.denominator_en),
    ]
    for variant in entry.variants:
        rows += [
            (f"`{variant.id}`", variant.name_zh, variant.name_en),
            ("its numerator", variant.numerator_zh, variant.numerator_en),
            ("its denominator", variant.denominator_zh, variant.denominator_en),
        ]
    rows += [("exclusions", entry.exclusions_zh, entry.exclusions_en), ("source", entry.source_zh, entry.source_en)]
    told = [(what, zh, en) for what, zh, en in rows if zh is not None]
    lines = [_COLUMNS, ("---",) * 3, *told]
    table = "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
    title = f"## {entry.name_zh} {entry.name_en}: `{entry.id}`"
    return f"{title}\n\n{_spell_formulas(entry)} ({entry.kind}; {_BETTER[entry.direction]})\n\n{table}\n"


def _list_overview(registry: Registry) -> str:
    lines = ["| indicator | id | formula | better |", "| --- | --- | --- | --- |"]
    for entry in registry.indicators:
        name = f"{entry.name_zh} {entry.name_en}"
        lines.append(f"| {name} | `{entry.id}` | {_spell_formulas(entry)} | {entry.direction} |")
    return "\n".join(lines) + "\n"


def _spell_formulas(entry: Indicator) -> str:
    if entry.question == "composite":
        directions = {other.id: other.direction for other in load_registry().indicators}
        return " + ".join(
            f"{weight:g} · {name}" if directions[name] == "higher" else f"{weight:g} · (1 − {name})"
            for name, weight in load_registry().composite.items()
        )
    spelled = []
    for (name, variant), (numerator, denominator) in read_formulas(entry.question).items():
        if name == entry.id:
            formula = numerator if denominator == "null" else f"{numerator} / {denominator}"
            if " " in denominator:
                formula = f"{numerator} / ({denominator})"
            spelled.append(f"`{formula}`" if variant == MAIN else f"{variant}: `{formula}`")
    return "; ".join(spelled)
