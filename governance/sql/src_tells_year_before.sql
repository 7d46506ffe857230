-- grain: one row: whether the cases tell how many were open 364 days before the snapshot's moment
-- There must be a year of data before that moment, or what had been open for long would be missing; and at most one in
-- a hundred cases of that year may have ended at a moment that nothing tells.
select
    $first_day::date <= $as_of_day::date - 728
    and count(*) filter (where not is_open and closed_at_utc is null and cancelled_at_utc is null) <= count(*) / 100
from core_case
where reported_at_utc >= $as_of_utc - interval 728 days and reported_at_utc < $as_of_utc - interval 364 days
