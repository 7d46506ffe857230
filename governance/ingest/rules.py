"""The row rules: what makes a row unusable (error) or remarkable (warning), declared once.

Each rule is a code, a severity, an SQL predicate over one parsed row (`stg_parsed.sql` names its columns)
and a message in both languages. An error quarantines the row; a warning keeps it, and what could not be read
is left out. `compile_reasons` turns the whole list into one SQL expression, so that one scan gives every row
all of its reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Rule:
    """One rule; a row for which `predicate` is true carries `code` among its reasons."""

    code: str
    severity: Literal["error", "warning"]
    predicate: str
    message_zh: str
    message_en: str


WRONG_FIELD_COUNT = Rule(
    "wrong_field_count",
    "error",
    "false",  # found by the CSV reader, before there is a row to ask
    "字段个数与表头不一致",
    "The row has more or fewer fields than the header.",
)

RULES: tuple[Rule, ...] = (
    WRONG_FIELD_COUNT,
    Rule(
        "missing_id",
        "error",
        "getvariable('needs_id') and incident_id is null",
        "缺少事件编号",
        "The incident has no id.",
    ),
    Rule(
        "missing_reported_at",
        "error",
        "reported_at_utc is null and reported_at_text is null",
        "缺少上报时间",
        "The time of the report is missing.",
    ),
    Rule(
        "unreadable_reported_at",
        "error",
        "reported_at_utc is null and reported_at_text is not null",
        "上报时间无法识别",
        "The time of the report fits none of the time formats.",
    ),
    Rule(
        "implausible_reported_at",
        "error",
        "reported_at_utc < timestamp '1990-01-01'",
        "上报时间早于1990年",
        "The time of the report is before 1990.",
    ),
    Rule(
        "reported_in_future",
        "error",
        "reported_at_utc > getvariable('read_at_utc')",
        "上报时间晚于读取文件的时刻",
        "The report is later than the moment at which the file was read.",
    ),
    Rule(
        "closed_before_reported",
        "error",
        "closed_at_utc < reported_at_utc",
        "结案时间早于上报时间",
        "The incident was closed before it was reported.",
    ),
    Rule(
        "unreadable_coordinates",
        "error",
        "lon_text is not null or lat_text is not null",
        "坐标不是数字",
        "A coordinate is not a number.",
    ),
    Rule(
        "coordinates_out_of_range",
        "error",
        "abs(lon) > 180 or abs(lat) > 90",
        "坐标超出范围（经纬度是否颠倒？）",
        "A coordinate is out of range; are longitude and latitude swapped?",
    ),
    Rule(
        "missing_coordinates",
        "warning",
        "(lon is null and lon_text is null) or (lat is null and lat_text is null)",
        "缺少坐标",
        "The incident has no coordinates; it counts in totals and lies in no grid.",
    ),
    Rule(
        "zero_coordinates",
        "warning",
        "lon = 0 and lat = 0",
        "坐标为（0，0）",
        "The coordinates are 0, 0; the incident counts in totals and lies in no grid.",
    ),
    Rule(
        "default_location",
        "warning",
        "is_default_point",
        "坐标是系统默认点",
        "The coordinates are the source's default point; the incident lies in no grid.",
    ),
    Rule("missing_category", "warning", "category is null", "缺少事件类别", "The incident has no category."),
    Rule(
        "unreadable_closed_at",
        "warning",
        "closed_at_utc is null and closed_at_text is not null",
        "结案时间无法识别",
        "The closing time fits none of the time formats and was left out.",
    ),
    Rule(
        "unreadable_due_at",
        "warning",
        "due_at_utc is null and due_at_text is not null",
        "截止时间无法识别",
        "The due time fits none of the time formats and was left out.",
    ),
    Rule(
        "due_before_reported",
        "warning",
        "due_at_utc < reported_at_utc",
        "截止时间早于上报时间",
        "The incident was due before it was reported.",
    ),
    Rule(
        "closed_at_but_open",
        "warning",
        "closed_at_utc is not null and not is_closed_status and not is_cancelled",
        "状态未结案却有结案时间",
        "There is a closing time but the status is not closed; the case counts as open.",
    ),
    Rule(
        "closed_without_time",
        "warning",
        "is_closed_status and closed_at_utc is null",
        "状态已结案但缺少结案时间",
        "The status is closed but the closing time is missing.",
    ),
    Rule(
        "unreadable_severity",
        "warning",
        "severity_text is not null",
        "严重程度不是数字",
        "The severity is not a number and was left out.",
    ),
)

EVENT_RULES: tuple[Rule, ...] = (
    Rule(
        "unreadable_event_time",
        "error",
        "at_utc is null",
        "事件日志时间缺失或无法识别",
        "The time of the event is missing or fits none of the time formats.",
    ),
    Rule(
        "event_in_future",
        "error",
        "at_utc > getvariable('read_at_utc')",
        "事件日志时间晚于读取文件的时刻",
        "The event is later than the moment at which the file was read.",
    ),
    Rule(
        "unknown_event",
        "error",
        "not coalesce(list_contains(getvariable('known_kinds'), kind), false)",
        "未知的动作类型",
        "The event is of a kind that `events.kinds` does not map.",
    ),
    Rule(
        "missing_event_id",
        "error",
        "incident_id is null",
        "事件日志缺少事件编号",
        "The event has no incident id.",
    ),
    Rule(
        "unreadable_extended_until",
        "warning",
        "kind = 'extended' and until_at_text is not null and extended_until_utc is null",
        "延期至的时间无法识别",
        "The time until which the case was extended fits none of the time formats and was left out.",
    ),
)
ALL_RULES = RULES + EVENT_RULES

ERROR_CODES = tuple(rule.code for rule in RULES if rule.severity == "error")
EVENT_ERROR_CODES = tuple(rule.code for rule in EVENT_RULES if rule.severity == "error")


def compile_reasons(rules: tuple[Rule, ...] = RULES) -> str:
    """The SQL expression (VARCHAR[]) that lists the codes of all rules true for a row, in their order."""
    cases = ",\n    ".join(f"case when {rule.predicate} then '{rule.code}' end" for rule in rules)
    return f"list_filter([\n    {cases}\n], lambda code: code is not null)"
