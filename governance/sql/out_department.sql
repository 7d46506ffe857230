-- grain: one row per department ('~none' if unknown), scenario ('~unmapped') and district ('~unmatched')
-- due_cases: due before the snapshot's moment and reported in the 365 days before it (the denominator of the rates),
-- counted as the registry's on_time_disposal_rate and overdue_open_rate count them: what was paused in time is not due
with districts as (
    select grid_no, level_1_id from core_grid
),
judged as (
    select
        *,
        reported_on >= $as_of_day - 365 and coalesce(due_at_utc < $as_of_utc, false)
            and (is_overdue or disposed_at_utc is not null or stage in ('closed', 'evaluated')) as is_due,
        coalesce(coalesce(disposed_at_utc, closed_at_utc) <= due_at_utc, false) as is_in_limit
    from core_case
    where stage <> 'cancelled'
)
select
    coalesce(department, '~none') as department,
    coalesce(scenario, '~unmapped') as scenario,
    case when grid_no is null then '~unmatched' else coalesce(level_1_id, '') end as level_1_id,
    count(*) filter (where is_open) as open_cases,
    count(*) filter (where is_overdue) as overdue_cases,
    count(*) filter (where is_near_due) as near_due_cases,
    count(*) filter (where is_seriously_overdue) as seriously_overdue_cases,
    count(*) filter (where is_due) as due_cases,
    count(*) filter (where is_due and is_in_limit) as disposed_on_time_cases,
    count(*) filter (where is_due and is_overdue) as due_still_open_cases,
    coalesce(sum(overdue_hours) filter (where is_overdue), 0) as overdue_hours_sum,
    coalesce(max(overdue_hours) filter (where is_overdue), 0) as overdue_hours_max
from judged left join districts using (grid_no)
group by all
order by 1, 2, 3
