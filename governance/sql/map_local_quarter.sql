-- grain: one row per quarter of an hour in which a case of mid_told_case was reported or closed: the offset from UTC
-- no zone changes its clock inside one, and a join by it is much faster than asking the calendar for every case
with quarters as (
    select time_bucket(interval 15 minutes, reported_at_utc) as quarter_utc from mid_told_case
    union
    select time_bucket(interval 15 minutes, closed_at_utc) from mid_told_case where closed_at_utc is not null
)
select quarter_utc, ((quarter_utc at time zone 'UTC') at time zone $zone) - quarter_utc as offset_from_utc
from quarters
