"""Hostile texts in every text column of a snapshot: whatever a page sends as HTML is only of our own tags."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from governance import snapshot
from governance.city import open_city
from governance.ui import language
from tests import hostile, tiny_snapshot
from tests.hostile import CODES, CORPUS, publish_hostile, spoil, spoil_tables
from tests.kept_backtest import keep_backtest
from tests.pages import read_html, read_text, run_page

# Each page with its tabs and parts; `{grid}` and `{department}` stand for the spoilt ids.
WALK = (
    ("overview", {}), ("overview", {"unit": "330203"}), ("city_map", {}), ("city_map", {"grid": "G-02"}),
    ("changes", {}), ("scenario", {}), ("scenario", {"tab": "holders"}), ("scenario", {"tab": "recurrence"}),
    ("scenario", {"tab": "sheet"}), ("scenario", {"unit": "330203001"}), ("overdue", {}),
    ("overdue", {"department": "housing"}), ("evaluation", {}), ("evaluation", {"part": "score"}),
    ("evaluation", {"part": "pilot"}), ("model", {"tab": "worth"}), ("model", {"tab": "calibration"}),
    ("model", {"tab": "drift"}), ("model", {"tab": "card"}), ("model", {"tab": "capacity"}),
    ("model", {"tab": "fairness"}), ("inspections", {}), ("inspections", {"tab": "paper"}),
    ("inspections", {"tab": "outcomes"}), ("data_health", {}),
)  # fmt: skip
IDS = ("unit", "grid", "department")
TAGS = {
    "a", "b", "br", "code", "div", "em", "h1", "h2", "i", "li", "ol", "p", "small", "span", "strong", "style", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "class", "style", "role", "title", "aria-level", "aria-label", "aria-hidden", "aria-current", "scope", "colspan",
    "tabindex", "href", "id",
}  # fmt: skip


class _Nodes(HTMLParser):
    """Every tag and attribute of a piece of HTML, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = publish_hostile(tmp_path_factory.mktemp("hostile"))
    city = open_city(folder)
    keep_backtest(city)
    city.close()
    return folder


def test_every_text_column_is_spoilt_or_a_code_of_ours(tmp_path: Path) -> None:
    with snapshot.building(tmp_path) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        named = {row[0] for row in draft.con.execute("select column_name from information_schema.columns").fetchall()}
        names = set(spoil_tables(draft.con))
        told = draft.con.execute("select distinct unit_id from core_unit where level = 1").fetchall()
    assert set(CODES) <= named, "a code that is no longer there"
    assert {row[0] for row in told} == {spoil("330203"), spoil("330205")}
    assert {"grid_id", "department", "reason", "category", "author", "file", "original", "template"} <= names
    assert len(CORPUS) == len(set(CORPUS)) >= 15


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize(("page", "choices"), WALK, ids=str)
def test_a_page_sends_only_our_own_tags(spoilt: Path, page: str, choices: dict[str, str], spoken: str) -> None:
    asked = {name: spoil(value) if name in IDS else value for name, value in choices.items()}
    test = run_page(page, spoilt, language=spoken, **asked)
    told = read_text(test) + "".join(frame.value.to_csv() for frame in test.dataframe)
    told += "".join(option for box in test.selectbox for option in box.options)
    assert choices.get("tab") == "outcomes" or any(text in told for text in CORPUS), "nothing hostile came here"
    for piece in read_html(test):
        nodes = _Nodes()
        nodes.feed(piece)
        assert nodes.tags <= TAGS, piece
        assert nodes.attributes <= ATTRIBUTES, piece
        assert [link for link in nodes.links if not link.startswith(("./", "/", "?"))] == []
        assert "evil.example" not in "".join(nodes.links)


def test_a_text_that_is_not_escaped_is_found() -> None:
    nodes = _Nodes()
    nodes.feed(f"<div class='g-note'>{hostile.CORPUS[0]}</div>")
    assert nodes.tags - TAGS == {"img"}
    assert nodes.attributes - ATTRIBUTES == {"src", "onerror"}
