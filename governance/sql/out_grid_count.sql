-- grain: one row per grid (null: in no grid) and scenario ('~unmapped': in no scenario) with any case
-- A grid's counts; no figure for last year before there was data, as in out_unit.
with cases as (
    select
        grid_no, coalesce(scenario, '~unmapped') as scenario, reported_on, is_open, is_overdue, due_at_utc,
        disposed_at_utc, $as_of_utc - interval 364 days as then_utc,
        -- by its last ending; one that nothing dates was an ending before
        reported_at_utc < then_utc
            and (is_open or coalesce(greatest(closed_at_utc, cancelled_at_utc) >= then_utc, false)) as was_open
    from core_case
),
judged as (
    select
        *, was_open and coalesce(disposed_at_utc >= then_utc, true) and coalesce(due_at_utc < then_utc, false)
            as was_overdue
    from cases
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
    count(*) filter (where is_overdue) as overdue_cases,
    case when $tells_year_before then count(*) filter (where was_open) end as open_cases_last_year,
    case when $tells_year_before then count(*) filter (where was_overdue) end as overdue_cases_last_year
from judged
group by grid_no, scenario
order by grid_no, scenario
