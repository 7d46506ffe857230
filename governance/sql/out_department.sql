-- grain: one row per department ('~none' if unknown), scenario ('~unmapped') and district ('~unmatched')
-- due_cases: due before the snapshot's moment and reported in the 365 days before it (the denominator of the rates)
with districts as (
    select grid_no, level_1_id from core_grid
)
select
    coalesce(department, '~none') as department,
    coalesce(scenario, '~unmapped') as scenario,
    case when grid_no is null then '~unmatched' else coalesce(level_1_id, '') end as level_1_id,
    count(*) filter (where is_open) as open_cases,
    count(*) filter (where is_overdue) as overdue_cases,
    count(*) filter (where is_near_due) as near_due_cases,
    count(*) filter (where is_seriously_overdue) as seriously_overdue_cases,
    count(*) filter (where due_at_utc < $as_of_utc and reported_on >= $as_of_day - 365) as due_cases,
    count(*) filter (
        where due_at_utc < $as_of_utc and reported_on >= $as_of_day - 365 and not is_overdue and not is_disposed_late
    ) as disposed_on_time_cases,
    count(*) filter (where due_at_utc < $as_of_utc and reported_on >= $as_of_day - 365 and is_overdue)
        as due_still_open_cases,
    coalesce(sum(overdue_hours) filter (where is_overdue), 0) as overdue_hours_sum,
    coalesce(max(overdue_hours) filter (where is_overdue), 0) as overdue_hours_max
from core_case left join districts using (grid_no)
where stage <> 'cancelled'
group by all
order by 1, 2, 3
