"""The laws of laying documents over each other, on documents of the shape that templates have."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from governance.scenarios.merge import (
    Change,
    apply_changes,
    compare_documents,
    diff_documents,
    find_overlay_faults,
    list_added,
    merge_documents,
)

KEYS = ("a", "b", "c")
LEAVES = st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=2)


def tables(*, marked: bool) -> st.SearchStrategy[dict]:
    """A table of leaves; with marks, it may take keys out."""
    plain = st.dictionaries(st.sampled_from(KEYS), LEAVES, max_size=3)
    marks = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)
    return st.builds(lambda t, m: {**t, "remove": m} if m else t, plain, st.none() | marks) if marked else plain


def items(*, marked: bool) -> st.SearchStrategy[list]:
    """Tables with ids; with marks, an item may be taken out, alone or to be written anew."""
    item = st.builds(
        lambda name, value, table: {"id": name, "value": value, "table": table},
        st.sampled_from("pqrs"), st.integers(0, 3), tables(marked=marked),
    )  # fmt: skip
    if marked:
        anew = st.builds(lambda i: {**i, "remove": True}, item)
        gone = st.builds(lambda name: {"id": name, "remove": True}, st.sampled_from("pqrs"))
        item = item | anew | gone
    return st.lists(item, max_size=4, unique_by=lambda i: i["id"])


def documents(*, marked: bool) -> st.SearchStrategy[dict]:
    whole = st.fixed_dictionaries(
        {}, optional={"table": tables(marked=marked), "items": items(marked=marked), "leaf": LEAVES}
    )
    marks = st.lists(st.sampled_from(("table", "items", "leaf")), min_size=1, max_size=2, unique=True)
    return st.builds(lambda d, m: {**d, "remove": m} if m else d, whole, st.none() | marks) if marked else whole


def has_marks(value: object) -> bool:
    if isinstance(value, dict):
        return "remove" in value or any(has_marks(child) for child in value.values())
    return isinstance(value, list) and any(has_marks(child) for child in value)


@given(documents(marked=False))
def test_an_empty_overlay_is_its_base(base):
    assert apply_changes(base, {}) == base
    assert diff_documents(base, base) == {}
    assert compare_documents(base, base) == []


@given(documents(marked=True), documents(marked=True), documents(marked=True))
def test_laying_over_in_either_order_gives_the_same_at_any_depth(first, second, third):
    assert merge_documents(merge_documents(first, second), third) == merge_documents(
        first, merge_documents(second, third)
    )


@given(documents(marked=False), documents(marked=True), documents(marked=True))
def test_two_overlays_one_after_the_other_are_one_overlay(base, first, second):
    stepwise = apply_changes(apply_changes(base, first), second)
    assert stepwise == apply_changes(base, merge_documents(first, second))


@given(documents(marked=False), documents(marked=False))
def test_what_differs_laid_over_the_base_gives_the_whole(base, whole):
    assert apply_changes(base, diff_documents(base, whole)) == whole


@given(documents(marked=False), documents(marked=True))
def test_no_mark_is_left_and_nothing_given_is_changed(base, changes):
    before = deepcopy((base, changes))
    assert not has_marks(apply_changes(base, changes))
    assert (base, changes) == before


@given(documents(marked=False), documents(marked=False))
def test_two_documents_differ_exactly_where_a_change_is_told(old, new):
    assert bool(compare_documents(old, new)) == (old != new)


BASE = {
    "lead": "police",
    "collaborators": ["housing", "health"],
    "limits": {"III": {"dispose": {"value": 15, "unit": "work_days"}, "verify": {"value": 3, "unit": "work_days"}}},
    "scenes": [
        {"id": "dark", "weight": 1.0, "codes": {"four_platforms": ["A*"], "nyc311": ["lamp"]}},
        {"id": "leaning", "weight": 2.0},
    ],
}


def test_an_overlay_worked_by_hand():
    changes = {
        "collaborators": ["housing"],
        "limits": {"III": {"dispose": {"value": 10}}},
        "scenes": [
            {"id": "leaning", "remove": True},
            {"id": "dark", "codes": {"remove": ["nyc311"], "hotline_12345": ["*lamp*"]}},
            {"id": "broken", "weight": 1.5},
        ],
    }
    assert apply_changes(BASE, changes) == {
        "lead": "police",
        "collaborators": ["housing"],
        "limits": {"III": {"dispose": {"value": 10, "unit": "work_days"}, "verify": {"value": 3, "unit": "work_days"}}},
        "scenes": [
            {"id": "dark", "weight": 1.0, "codes": {"four_platforms": ["A*"], "hotline_12345": ["*lamp*"]}},
            {"id": "broken", "weight": 1.5},
        ],
    }
    assert list_added(BASE, changes) == {("scenes", "broken"): ["dark", "leaning"]}
    assert list(find_overlay_faults(BASE, changes)) == []


def test_an_item_written_anew_keeps_nothing_and_comes_last():
    anew = {"scenes": [{"id": "dark", "remove": True, "weight": 3.0}]}
    assert apply_changes(BASE, anew)["scenes"] == [{"id": "leaning", "weight": 2.0}, {"id": "dark", "weight": 3.0}]


def test_a_changed_order_is_one_change():
    turned = {**BASE, "scenes": BASE["scenes"][::-1]}
    assert compare_documents(BASE, turned) == [
        Change(("scenes", "order"), ["dark", "leaning"], ["leaning", "dark"]),
    ]
    assert apply_changes(BASE, diff_documents(BASE, turned)) == turned


def test_differences_are_told_by_key_and_id():
    new = deepcopy(BASE)
    new["limits"]["III"]["dispose"]["value"] = 10
    new["scenes"][1]["weight"] = 2.5
    new["scenes"].append({"id": "broken", "weight": 1.5})
    del new["collaborators"]
    assert compare_documents(BASE, new) == [
        Change(("collaborators",), ["housing", "health"], None),
        Change(("limits", "III", "dispose", "value"), 15, 10),
        Change(("scenes", "leaning", "weight"), 2.0, 2.5),
        Change(("scenes", "broken"), None, {"id": "broken", "weight": 1.5}),
    ]
