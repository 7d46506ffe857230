-- grain: one row per grid (null: in no grid) and scenario ('~unmapped': in no scenario) with any case
-- A grid's counts; no figure for last year before there was data, as in out_unit.
with cases as (
    select grid_no, coalesce(scenario, '~unmapped') as scenario, reported_on, is_open, is_overdue from core_case
)
select
    grid_no,
    scenario,
    count(*) as cases,
    count(*) filter (where reported_on >= $as_of_day - 28 and reported_on < $as_of_day) as reports_28d,
    -- 364 days: the same weekdays of last year
    case when $first_day <= $as_of_day - 392
        then count(*) filter (where reported_on >= $as_of_day - 392 and reported_on < $as_of_day - 364) end
        as reports_28d_last_year,
    count(*) filter (where is_open) as open_cases,
    count(*) filter (where is_overdue) as overdue_cases
from cases
group by grid_no, scenario
order by grid_no, scenario
