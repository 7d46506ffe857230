"""A city as data: what `city.toml` may say, read once, checked whole, then frozen.

This room knows no database and no frame library; it only says what the city is.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from governance.errors import ConfigError, join_faults
from governance.toml_model import Strict, nearest, read_model
from governance.wall_plan import WallPlan
from governance.work_calendar import WorkCalendar, read_extra_days


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _check_time_format(text: str) -> str:
    """`%z` may only end a format: an offset is read by itself, from the end of the text."""
    parts = re.findall(r"%-?(.)", text)
    unknown = [part for part in parts if part not in "aAbBdfHIjmMpSyYz"]
    if not parts or unknown or "%z" in text.removesuffix("%z"):
        raise ValueError(
            f'{text!r} is no time format; write it like "%d.%m.%Y %H:%M" with '
            "%Y %y %m %b %B %d %j %a %A %H %I %p %M %S %f, and %z at the end."
        )
    return text


Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
FileFormat = Literal["csv", "parquet", "geoparquet", "geojson", "shapefile"]
Pattern = Annotated[str, Field(min_length=1)]
TimeFormat = Annotated[str, AfterValidator(_check_time_format)]
GEO_FORMATS = frozenset({"geoparquet", "geojson", "shapefile"})
EVENT_KINDS = (
    "reported", "registered", "dispatched", "accepted", "transferred", "returned", "extended", "paused", "resumed",
    "disposed", "verified", "closed", "evaluated", "reopened", "cancelled",
)  # fmt: skip


class Level(Strict):
    """One level of the hierarchy above the grids, and the grid file's columns that hold it."""

    name_zh: str
    name_en: str
    id: str
    label_zh: str | None = None
    label_en: str | None = None


class Hexagons(Strict):
    """H3 hexagons inside a box (degrees, WGS84), for a city that publishes no polygons."""

    resolution: int = Field(ge=4, le=11)
    west: float = Field(ge=-180, le=180)
    south: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=180)
    north: float = Field(ge=-90, le=90)

    @model_validator(mode="after")
    def _is_a_box(self) -> Self:
        if not (self.west < self.east and self.south < self.north):
            raise ValueError("west must be less than east, and south less than north.")
        return self


class Grids(Strict):
    """Where the grid polygons come from."""

    files: tuple[Pattern, ...] = ()
    grid_id: str = "grid_id"
    crs: str | None = None
    far_outside_km: float = Field(default=10.0, gt=0)
    hexagons: Hexagons | None = None
    levels: tuple[Level, ...] = Field(default=(), max_length=3)

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if bool(self.files) == bool(self.hexagons):
            raise ValueError("give either `files` or `hexagons`.")
        return self


class DepartmentEntry(Strict):
    """A department of the city: new, or a shared one renamed; aliases are the texts of the files."""

    id: Identifier
    name_zh: str
    name_en: str
    aliases: tuple[str, ...] = ()


class Columns(Strict):
    """Our name = their column. Only these columns ever enter; all others stay outside.

    `category` is one column or a list of columns that together name it.
    """

    incident_id: str | None = None
    reported_at: str
    lon: str | None = None
    lat: str | None = None
    category: Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
    closed_at: str | None = None
    due_at: str | None = None
    updated_at: str | None = None
    department: str | None = None
    status: str | None = None
    severity: str | None = None
    discovered: str | None = None
    place_key: str | None = None
    overdue_flag: str | None = None


class Values(Strict):
    """Which texts of the source mean closed, discovered (not reported by a citizen), flagged overdue."""

    closed: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    discovered: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("", "nan", "NaN", "null", "NULL", "None", "N/A")


class Duplicates(Strict):
    """When two rows are the same incident, and which of them stays."""

    policy: Literal["by_id", "all_columns", "never"] = "by_id"
    latest_by: Literal["updated_at", "reported_at", "closed_at"] | None = None


class CategoryRule(Strict):
    """A glob over the category text (case-insensitive) and the scene it falls in; the first match wins."""

    pattern: str
    scenario: Identifier
    scene: Identifier | None = None


class Events(Strict):
    """An event log beside the incidents: one row per event.

    `department` is the one that receives a case, or for `returned` the one that sends it back. `reason` says why it was
    handed over, paused, extended or cancelled. `extended_until` is the new due time of an extension, written like
    `at`; a date without a time of day ends with that day.
    """

    files: tuple[Pattern, ...] = Field(min_length=1)
    format: Literal["csv", "parquet"] = "parquet"
    encoding: str = "utf-8"
    incident_id: str
    kind: str
    at: str
    department: str | None = None
    reason: str | None = None
    extended_until: str | None = None
    kinds: dict[str, str] = Field(default_factory=dict)
    time_zone: str | None = None
    time_formats: tuple[TimeFormat, ...] = ()

    @field_validator("kinds")
    @classmethod
    def _kinds_are_known(cls, kinds: dict[str, str]) -> dict[str, str]:
        unknown = [kind for kind in kinds.values() if kind not in EVENT_KINDS]
        if unknown:
            raise ValueError(f"unknown event kind {unknown[0]!r}{nearest(unknown[0], list(EVENT_KINDS))}")
        return kinds


class Source(Strict):
    """One system that incidents come from, and how its files are written."""

    id: Identifier
    files: tuple[Pattern, ...] = Field(min_length=1)
    format: FileFormat
    encoding: str = "utf-8"
    crs: str = "EPSG:4326"
    time_zone: str | None = None
    time_formats: tuple[TimeFormat, ...] = ()
    code_system: str | None = None
    default_points: tuple[tuple[float, float], ...] = ()
    columns: Columns
    values: Values = Values()
    duplicates: Duplicates = Duplicates()
    quarantine_columns: tuple[str, ...] = ()
    personal_columns: tuple[str, ...] = ()
    categories: tuple[CategoryRule, ...] = ()
    events: Events | None = None

    @property
    def tells_closing(self) -> bool:
        """Whether the source ever says that a case is closed; without that, none is called open or overdue."""
        columns = self.columns
        told = columns.closed_at or (columns.status and self.values.closed)
        # A log whose kinds are not translated may name any of ours.
        kinds = set(self.events.kinds.values()) or {"closed"} if self.events else set()
        return bool(told or kinds & {"closed", "evaluated"})

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = []
        if self.format not in GEO_FORMATS and not (self.columns.lon and self.columns.lat):
            faults.append("columns.lon and columns.lat are needed, as this format holds no geometry.")
        elif bool(self.columns.lon) != bool(self.columns.lat):
            faults.append("columns.lon and columns.lat belong together; give both or none.")
        if self.duplicates.policy == "by_id" and not self.columns.incident_id:
            faults.append('duplicates.policy = "by_id" needs columns.incident_id; or choose "all_columns".')
        by = self.duplicates.latest_by
        if by and getattr(self.columns, by) is None:
            faults.append(f"duplicates.latest_by = {by!r} needs columns.{by}.")
        if self.events and not self.columns.incident_id:
            faults.append("an event log needs columns.incident_id to join it.")
        if self.events and self.duplicates.policy != "by_id":
            faults.append('an event log is joined by id, so it needs duplicates.policy = "by_id".')
        entering = {*self._list_columns(), *self.quarantine_columns}
        faults += [
            f"column `{name}` is among personal_columns and can be neither mapped nor shown; take it out of one."
            for name in self.personal_columns
            if name in entering
        ]
        if faults:
            raise ValueError(" ".join(faults))
        return self

    def _list_columns(self) -> tuple[str, ...]:
        """Every column of the incident files that is mapped."""
        columns = {name: value for name, value in self.columns.model_dump().items() if value is not None}
        return (*columns.pop("category"), *columns.values())


class Pilot(Strict):
    """A district that tried a scenario first: since which local day (`from`). `district` is its id in the grid file."""

    scenario: Identifier
    district: str = Field(min_length=1)
    from_: date = Field(alias="from")


def _check_tiles(address: str) -> str:
    missing = [part for part in ("{z}", "{x}", "{y}") if part not in address]
    if missing or not re.match(r"https?://[^/\s]+/", address) or re.search(r"[\s<>\"'\\]", address):
        raise ValueError(
            f"{address!r} is no address of map tiles; write it like https://tiles.example.org/{{z}}/{{x}}/{{y}}.png"
        )
    return address


class MapLayer(Strict):
    """A layer of the city's own base map, from one file of lines (roads) or areas (water, parks)."""

    name_zh: str = Field(min_length=1, max_length=60)
    name_en: str = Field(min_length=1, max_length=60)
    path: str = Field(min_length=1)
    kind: Literal["line", "area"]
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    crs: str | None = None


class MapSettings(Strict):
    """What the dashboard's map shows under the tiers: files of the city, and the city's own tile server, if any.

    Without `tiles` no browser asks another host for anything.
    """

    tiles: Annotated[str, AfterValidator(_check_tiles)] | None = None
    attribution: str = Field(default="", max_length=200)
    layers: tuple[MapLayer, ...] = Field(default=(), max_length=12)


class Profile(Strict):
    """A whole city. `folder` is where its relative paths start; `tier_overrides` is the file of tiers by experts."""

    schema_: Literal[1] = Field(alias="schema")
    id: Identifier
    name_zh: str
    name_en: str
    timezone: str
    is_synthetic: bool = False
    scenarios: tuple[Identifier, ...] = ()
    scenario_folder: str | None = None
    grids: Grids
    map: MapSettings = MapSettings()
    work_calendar: WorkCalendar = WorkCalendar()
    departments: tuple[DepartmentEntry, ...] = ()
    pilots: tuple[Pilot, ...] = ()
    wall: WallPlan = WallPlan()
    tier_overrides: str | None = None
    sources: tuple[Source, ...] = Field(min_length=1)
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _folder_is_where_the_file_lies(cls, document: Any) -> Any:
        if isinstance(document, dict) and "folder" in document:
            raise ValueError("`folder` cannot be set: paths start where city.toml lies.")
        return document

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.timezone)

    def zone_of(self, source: Source) -> str:
        """The zone in which this source writes its times."""
        return source.time_zone or self.timezone


def load_profile(path: Path) -> Profile:
    """Read `city.toml` and its file of extra days; raises one ConfigError with all faults."""
    profile = read_model(path, Profile)
    faults = list(_find_faults(profile))
    folder = path.resolve().parent
    calendar = profile.work_calendar
    try:
        calendar = read_extra_days(calendar, folder)
    except ConfigError as error:
        faults.append(str(error))
    if faults:
        raise ConfigError(join_faults(f"{path} cannot be used:", faults))
    return profile.model_copy(update={"folder": folder, "work_calendar": calendar})


def find_files(profile: Profile, patterns: tuple[str, ...]) -> list[Path]:
    """The files behind the globs, each once, in name order; patterns are relative to `city.toml`."""
    found = {path for pattern in patterns for path in _expand(profile.folder, pattern)}
    return sorted(found)


def _expand(folder: Path, pattern: str) -> list[Path]:
    anchor = Path(pattern)
    root, rest = (Path(anchor.anchor), anchor.relative_to(anchor.anchor)) if anchor.is_absolute() else (folder, anchor)
    while rest.parts and rest.parts[0] == "..":
        root, rest = root / "..", Path(*rest.parts[1:])
    return [path.resolve() for path in root.glob(str(rest)) if path.is_file()]


def _find_faults(profile: Profile) -> list[str]:
    zones = {"timezone": profile.timezone}
    for source in profile.sources:
        if source.time_zone:
            zones[f"sources.{source.id}.time_zone"] = source.time_zone
        if source.events and source.events.time_zone:
            zones[f"sources.{source.id}.events.time_zone"] = source.events.time_zone
    known = sorted(available_timezones())
    faults = [
        f"`{key}`: unknown zone {zone!r}{nearest(zone, known)}" for key, zone in zones.items() if zone not in known
    ]
    faults += _find_doubles("source id", [source.id for source in profile.sources])
    faults += _find_doubles("department id", [entry.id for entry in profile.departments])
    faults += _find_doubles("pilot of", [f"{pilot.scenario} in {pilot.district}" for pilot in profile.pilots])
    return faults + [fault for source in profile.sources for fault in _find_encoding_faults(source)]


def _find_doubles(what: str, names: list[str]) -> list[str]:
    return [
        f"{what} `{name}` stands {count} times; each may stand once."
        for name, count in Counter(names).items()
        if count > 1
    ]


def _find_encoding_faults(source: Source) -> list[str]:
    faults = []
    for key, encoding in {
        "encoding": source.encoding,
        "events.encoding": source.events.encoding if source.events else "utf-8",
    }.items():
        try:
            "".encode(encoding)
        except LookupError:
            faults.append(f"`sources.{source.id}.{key}`: unknown encoding {encoding!r}; usual: utf-8, gb18030.")
    return faults
