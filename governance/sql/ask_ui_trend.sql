-- grain: one row per local week (Monday) of the last two years; the running week is left out
with as_of as (
    -- the city's day: that of as_of_utc is a day earlier where the moment is a local midnight east of Greenwich
    select max(day) as day from out_tier_step
)
select week_start, reports, closed
from out_trend cross join as_of
where level = $level and unit_id = $unit_id and scenario = $scenario
    and week_start + 7 <= day and week_start >= day - 735
order by week_start
