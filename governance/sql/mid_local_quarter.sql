-- grain: one row per quarter of an hour in which a case is due: the city's offset from UTC then
-- no zone changes its clock inside one, and a join by it is much faster than asking the calendar for every case
with quarters as (
    select time_bucket(interval 15 minutes, due_at_utc) as quarter_utc from core_case
    union
    select time_bucket(interval 15 minutes, close_due_at_utc) from core_case
)
select quarter_utc, ((quarter_utc at time zone 'UTC') at time zone $zone) - quarter_utc as offset_from_utc
from quarters
where quarter_utc is not null
