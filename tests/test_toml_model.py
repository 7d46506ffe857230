"""Every fault of a TOML file is a sentence that names the key and the nearest known one, all at once."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from governance.errors import ConfigError
from governance.toml_model import Strict, nearest, read_model


class Lamp(Strict):
    colour: Literal["red", "green"] = "red"
    watts: int = Field(default=5, gt=0)


class Street(Strict):
    name_: str = Field(alias="name")
    lamps: tuple[Lamp, ...] = ()
    spare: Lamp | None = None
    shelf: dict[str, Lamp] = Field(default_factory=dict)
    hidden: str = Field(default="", exclude=True)


class Corner(Strict):
    shelf: dict[Literal["top", "bottom"], Lamp] = Field(default_factory=dict)


def find_faults(tmp_path, text: str) -> list[str]:
    path = tmp_path / "street.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_model(path, Street)
    title, *faults = str(caught.value).split("\n  - ")
    assert title == f"{path} cannot be used:"
    return faults


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_sound_file_becomes_a_frozen_model(tmp_path, start):
    path = tmp_path / "street.toml"
    path.write_text(start + 'name = "和义路"\nlamps = [{ watts = 3 }]\n', encoding="utf-8")
    street = read_model(path, Street)
    assert (street.name_, street.lamps[0].watts) == ("和义路", 3)
    with pytest.raises(ValueError, match="frozen"):
        street.lamps = ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('name = "a"\nlampz = 1', "unknown key `lampz`; did you mean `lamps`?"),
        ('name = "a"\n[[lamps]]\nwats = 1', "unknown key `lamps.0.wats`; did you mean `watts`?"),
        ('name = "a"\n[spare]\ncolor = "red"', "unknown key `spare.color`; did you mean `colour`?"),
        ('name = "a"\n[shelf.top]\nwatt = 1', "unknown key `shelf.top.watt`; did you mean `watts`?"),
        ('name = "a"\nzzz = 1', "unknown key `zzz`; known keys: lamps, name, shelf, spare."),
        (
            'name = "a"\n[[lamps]]\ncolour = "blue"',
            "`lamps.0.colour`: Input should be 'red' or 'green' (found 'blue').",
        ),
        ('name = "a"\nlamps = 3', "`lamps`: Input should be a list (found 3)."),
        ("lamps = []", "key `name` is missing; add it."),
    ],
)
def test_a_fault_is_one_sentence(tmp_path, text, fault):
    assert find_faults(tmp_path, text) == [fault]


def test_a_misspelt_key_with_an_alias_is_named_as_in_the_file(tmp_path):
    assert find_faults(tmp_path, 'nmae = "a"') == [
        "key `name` is missing; add it.",
        "unknown key `nmae`; did you mean `name`?",
    ]


def test_all_faults_come_at_once(tmp_path):
    faults = find_faults(tmp_path, "colour = 1\n[[lamps]]\nwatts = 0\n[[lamps]]\nwatts = 'x'")
    assert len(faults) == 4


def test_a_long_value_is_shortened(tmp_path):
    assert len(find_faults(tmp_path, f'name = "a"\nlamps = "{"x " * 500}"')[0]) < 200


def test_a_broken_file_is_refused_with_the_place(tmp_path):
    path = tmp_path / "street.toml"
    path.write_text("name = ", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_model(path, Street)
    path.write_text('name = "a"\nname = "b"\nlamps = []\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_model(path, Street)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "street.toml"
    path.write_bytes('name = "街"'.encode("gb18030"))
    with pytest.raises(ConfigError, match="is not UTF-8 at byte 8"):
        read_model(path, Street)


def test_a_missing_file_and_a_folder_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="was not found"):
        read_model(tmp_path / "none.toml", Street)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_model(tmp_path, Street)


def test_nearest_says_nothing_when_nothing_is_near():
    assert nearest("police", ["policy", "fire"]) == "; did you mean `policy`?"
    assert nearest("qqq", ["police"]) == ""
    assert nearest("a", []) == ""


def test_what_an_unknown_key_of_a_table_holds_is_not_told_as_well(tmp_path):
    path = tmp_path / "street.toml"
    path.write_text("[shelf.bottem]\nwat = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_model(path, Corner)
    assert str(caught.value).split("\n  - ")[1:] == [
        "unknown key `shelf.bottem`; known keys: top, bottom; did you mean `bottom`?"
    ]
