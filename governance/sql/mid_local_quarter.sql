-- grain: one row per quarter of an hour in which a case is due: the city's offset from UTC then
-- A join by it is much faster than asking the calendar for every case. Quarters inside which a zone changes its clock
-- (St. John's did so at one minute past midnight) are left out: there the calendar has to be asked.
with quarters as (
    select time_bucket(interval 15 minutes, due_at_utc) as quarter_utc from core_case
    union
    select time_bucket(interval 15 minutes, close_due_at_utc) from core_case
),
told as (
    select
        quarter_utc, quarter_utc + interval 899999 milliseconds as end_utc,
        ((quarter_utc at time zone 'UTC') at time zone $zone) - quarter_utc as offset_from_utc,
        ((end_utc at time zone 'UTC') at time zone $zone) - end_utc as offset_at_end
    from quarters
    where quarter_utc is not null
)
select quarter_utc, offset_from_utc from told where offset_from_utc = offset_at_end
