"""Texts of the screens: none missing, unused or in the code; numbers and dates by Babel, plurals by its rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from governance.ui import language

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "governance"
SOURCES = [*sorted((PACKAGE / "ui").rglob("*.py")), ROOT / "app.py"]
LETTERS = re.compile(r"[A-Za-z\u4e00-\u9fff]")
KEY = re.compile(r"[a-z_]+\.[A-Za-z0-9_+]+")
# Keywords whose texts no visitor reads, and why.
SILENT = {
    "key": "a widget's name in the program", "type": "a button's look", "icon": "a sign's name", "width": "a measure",
    "height": "a measure", "gap": "a measure", "layout": "a measure", "on_page": "a widget's name in the program",
    "position": "a place", "vertical_alignment": "a place", "label_visibility": "a switch", "on_click": "a switch",
    "on_select": "a switch", "selection_mode": "a switch", "on_change": "a switch", "format": "a pattern",
    "mime": "the file's kind", "file_name": "the file's name, its ids and its ending", "page_icon": "a sign",
    "theme": "a switch", "show_spinner": "a switch", "args": "values for a callback", "color": "a colour's name",
    "column_order": "the columns' names in the program",
}  # fmt: skip
# Texts that are given to Streamlit as they stand, and why.
ALLOWED = {
    "语言 / Language": "the switch of languages says its name in both", "state": "a scene's kind, for its look",
}  # fmt: skip
# Patterns of numbers and times in the screens' code that are none of the language's, and why.
PATTERNS = {
    ("parts.py", ".1f"): "the width of a bar in the style",
    ("wall_parts.py", ".1f"): "the width of a bar in a drawing",
    ("case_chart.py", "02d"): "numbers in front of the lines, so that they sort",
    ("map_picture.py", "g"): "a round length, which both languages write alike",
    ("map_times.py", "isoformat"): "a day in the address",
    ("map_compare.py", "isoformat"): "a day in the address",
    ("downloads.py", "isoformat"): "a day in a file's name",
    ("asked_file.py", "isoformat"): "a day in the file of what was asked",
    ("map.py", ".f"): "a box of coordinates, for the browser",
    ("evaluation_score.py", "g"): "weights in the address, which has no language",
    ("language.py", "%Y-%m-%d %H:%M"): "a time that sorts in a column, the same in both languages",
}


@cache
def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def list_words() -> frozenset[str]:
    """Every word in the package's code, queries and tables of data, but not in the texts."""
    files = [path for kind in ("*.py", "*.sql", "*.toml") for path in PACKAGE.rglob(kind)]
    code = [path.read_text(encoding="utf-8") for path in [*files, ROOT / "app.py"] if "texts" not in path.parts]
    return frozenset(re.findall(r"\w+", "\n".join(code)))


def list_keys(path: Path, sections: set[str]) -> Iterator[str]:
    """Whole keys in a module, and those with a part that is only known when it runs, as patterns with `*`."""
    inner: set[int] = set()
    for node in ast.walk(read_tree(path)):
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
            told = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
            if re.fullmatch(r"[a-z_*]+\.[a-z0-9_*]+", told):
                yield told
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.left, ast.Constant):
            yield f"{node.left.value}*"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "word":
            section = node.args[0]
            if isinstance(section, ast.Constant):
                yield f"{section.value}.*"
        elif isinstance(node, ast.Constant) and id(node) not in inner and is_key(str(node.value), sections):
            yield str(node.value)


def is_key(text: str, sections: set[str]) -> bool:
    return bool(KEY.fullmatch(text)) and text.split(".", maxsplit=1)[0] in sections


def find_unused(texts: set[str], keys: set[str], words: frozenset[str]) -> list[str]:
    """Texts that no key names; what stands for a `*` must be a word of the code, such as a tier or a stage."""
    patterns = [re.compile(re.escape(key).replace(r"\*", "(.+)")) for key in keys if "*" in key]

    def is_built(text: str) -> bool:
        found = (pattern.fullmatch(text) for pattern in patterns)
        return any(match and all(set(re.findall(r"\w+", part)) <= words for part in match.groups()) for match in found)

    return sorted(text for text in texts - keys if not is_built(text))


def test_no_text_is_missing_and_none_is_unused() -> None:
    texts = set(language.load_texts("en"))
    sections = {key.split(".")[0] for key in texts}
    keys = {key for path in SOURCES for key in list_keys(path, sections)}
    assert sorted(key for key in keys - texts if "*" not in key) == []
    assert find_unused(texts, keys, list_words()) == []


def test_unused_texts_are_found() -> None:
    words = frozenset({"red"})
    assert find_unused({"a.b", "tier.red", "tier.blue", "a.c"}, {"a.b", "tier.*"}, words) == ["a.c", "tier.blue"]


def strip_markup(text: str) -> str:
    """What a reader sees of HTML."""
    return re.sub(r"<style>.*</style>|<[^>]*>|&\w+;", "", text)


def read_texts(node: ast.expr) -> Iterator[str]:
    """The literal texts of an argument; of markup, what stands between the tags."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield strip_markup(node.value)
    elif isinstance(node, ast.JoinedStr):
        told = "".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values)
        yield strip_markup(told)
    elif isinstance(node, ast.BinOp | ast.IfExp | ast.List | ast.Tuple | ast.Dict):
        for part in node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                yield from read_texts(part)


def name_call(node: ast.Call) -> str:
    """Such as `st.column_config.TextColumn`."""
    return ast.unparse(node.func) if isinstance(node.func, ast.Attribute | ast.Name) else ""


def find_hard_coded(tree: ast.Module) -> Iterator[str]:
    """Texts with letters that are given to Streamlit, to our own parts or to a chart's titles as they stand."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = name_call(node)
        given = [(keyword.arg or "", keyword.value) for keyword in node.keywords]
        if re.match(r"alt\.", name):
            given = [(word, value) for word, value in given if word == "title"]
        elif re.match(r"(st|parts)\.(?!session_state|query_params|cache_|columns|container|get_option|context)", name):
            given += [("", value) for value in node.args]
        else:
            continue
        for word, value in given:
            found = [text for text in read_texts(value) if LETTERS.search(text) and word not in SILENT]
            yield from (f"{name}({word}…): {text}" for text in found if text not in ALLOWED)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_text_stands_in_the_code(path: Path) -> None:
    assert list(find_hard_coded(read_tree(path))) == []


def test_hard_coded_texts_are_found() -> None:
    code = (
        "st.button('Go', key='go')\nparts.show_note(f'{x} left')\nst.html(f\"<b class='a'>{x}</b>\")\n"
        "alt.X('a:Q', title='Days')\nparts.Column(view.say('a.b'))\nst.write('好' if x else '')\n"
    )
    told = [text.split(": ")[1] for text in find_hard_coded(ast.parse(code))]
    assert told == ["Go", " left", "Days", "好"]


def find_own_formats(tree: ast.Module) -> Iterator[str]:
    """Numbers and times written by Python's own patterns instead of the language's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            yield "".join(str(part.value) for part in ast.walk(node.format_spec) if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in {"strftime", "isoformat"}:
                yield ast.literal_eval(node.args[0]) if node.args else node.func.attr
            elif node.func.attr == "format" and isinstance(node.func.value, ast.Constant):
                yield from (spec for _, _, spec, _ in Formatter().parse(str(node.func.value.value)) if spec)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            yield str(node.left.value)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_numbers_and_times_are_written_by_the_language(path: Path) -> None:
    found = {(path.name, pattern) for pattern in find_own_formats(read_tree(path))}
    assert found - set(PATTERNS) == set()


def test_own_formats_are_found() -> None:
    code = "f'{x:,}'\nf'{x}'\nday.strftime('%d')\n'{:.2f}'.format(x)\n'%d days' % x\n"
    assert sorted(find_own_formats(ast.parse(code))) == ["%d", "%d days", ",", ".2f"]


def test_the_citys_clock_has_a_name_in_both_languages_and_in_summer() -> None:
    january, july = datetime(2026, 1, 1), datetime(2026, 7, 1)  # noqa: DTZ001  naive UTC, as in storage
    shanghai, berlin = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
    assert language.name_zone("zh", january, shanghai) == "中国标准时间"
    assert language.name_zone("en", january, shanghai) == "China Standard Time"
    assert language.name_zone("en", january, berlin) == "Central European Standard Time"
    assert language.name_zone("en", july, berlin) == "Central European Summer Time"


# Plurals


@pytest.mark.parametrize(
    ("value", "told"),
    [("1", "1 grid"), ("0", "0 grids"), ("2", "2 grids"), ("1,001", "1,001 grids"), ("1.0", "1.0 grids"), (1, "1 grid"),
     ("–", "– grids"), ("21", "21 grids")],
)  # fmt: skip
def test_english_counts_as_english_does(value: object, told: str) -> None:
    assert language.fill_text("en", "{grids} {grids:grid|grids}", grids=value) == told


def test_a_sentence_may_count_twice_and_chinese_never_does() -> None:
    text = "{part} of {whole} {whole:case|cases} {part:has|have} one"
    assert language.fill_text("en", text, part="1", whole="9") == "1 of 9 cases has one"
    assert language.say("en", "digest.sentence", since="x", turned="1", turned_why="", left="2", left_why="") == (
        "Since x: 1 grid turned red, 2 left red."
    )
    assert language.fill_text("zh", "{cases:a|b}", cases="1") == "b"
    assert [key for key, text in language.load_texts("zh").items() if re.search(r"{\w+:", text)] == []


def test_forms_are_two_and_name_a_value_of_their_text() -> None:
    for key, text in language.load_texts("en").items():
        fields = [(name, spec) for _, name, spec, _ in Formatter().parse(text) if name]
        assert {name for name, spec in fields if spec} <= {name for name, spec in fields if not spec}, key
        assert [spec for _, spec in fields if spec and spec.count("|") != 1] == [], key


# Texts whose number is never written as a bare 1, and why.
NEVER_ONE = {
    "card.carried_note": "two digits after the point", "card.others_note": "two digits after the point",
    "change.own_past": "two digits after the point", "change.neighbours": "two digits after the point",
    "change.other_scenarios": "two digits after the point", "change.model": "two digits after the point",
    "change.below_floor": "two digits after the point", "sheet.tiers_text": "two digits after the point",
    "stop.why_red": "two digits after the point", "worth.shift": "two digits after the point",
    "overview.rate_yoy": "a sign and a digit after the point",
    "capacity.finding": "a digit after the point", "unit.points": "a sign and a digit after the point",
    "worth.better": "three digits after the point",
    "worth.unclear": "three digits after the point", "worth.worse": "three digits after the point",
    "mark.flare_text": "windows of 7, 14 and 28 days",
    "worth.days_ahead": "horizons of 7 and 28 days", "worth.note": "horizons of 7 and 28 days",
    "health.samples_note": "a page's own limit", "place.first_cases": "a page's own limit",
    "calibration.finding": "a tier's name; two digits after the point",
}  # fmt: skip
NO_NOUNS = {"lies", "as", "is", "has", "its", "this", "was", "catches", "flares", "moves"}


def list_nouns_behind_one() -> Iterator[tuple[str, str]]:
    """Each text filled with ones, and the words behind a 1, or behind one more word, that end as a plural does."""
    for key, text in language.load_texts("en").items():
        names = {name: "1" for _, name, _, _ in Formatter().parse(text) if name}
        told = language.fill_text("en", text, **names) if names else ""
        for noun in re.findall(r"(?<![\d.,–:@%] )\b1 (?:[a-z]+ )?([a-z]+s)\b(?! ×)", told):
            if noun not in NO_NOUNS:
                yield key, noun


def test_no_english_text_says_one_grids() -> None:
    assert [(key, noun) for key, noun in list_nouns_behind_one() if key not in NEVER_ONE] == []
    assert set(NEVER_ONE) == {key for key, _ in list_nouns_behind_one()}, "a reason that is no longer needed"
