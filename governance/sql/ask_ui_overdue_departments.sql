-- grain: one row per department under the chosen filters, the most overdue first; empty filters mean all
with held as (
    select holder as department, count(*) as held_cases
    from out_open
    where holder not in ('~desk', '~check')
        and ($scenario = '' or scenario = $scenario)
        and ($district = '' or level_1_id = $district)
    group by holder
),
counted as (
    select
        department,
        sum(open_cases) as open_cases,
        sum(overdue_cases) as overdue_cases,
        sum(seriously_overdue_cases) as seriously_overdue_cases,
        sum(near_due_cases) as near_due_cases,
        sum(due_cases) as due_cases,
        round(sum(due_still_open_cases) / nullif(sum(due_cases), 0), 3) as overdue_rate,
        round(sum(disposed_on_time_cases) / nullif(sum(due_cases), 0), 3) as on_time_rate,
        sum(overdue_hours_sum) / nullif(sum(overdue_cases), 0) / 24 as mean_overdue_days,
        case when sum(overdue_cases) > 0 then max(overdue_hours_max) / 24 end as max_overdue_days
    from out_department
    where ($scenario = '' or scenario = $scenario)
        and ($district = '' or level_1_id = $district)
    group by department
    having sum(open_cases) > 0 or sum(due_cases) > 0
)
select
    department,
    coalesce(held_cases, 0)::bigint as held_cases,
    coalesce(open_cases, 0)::bigint as open_cases,
    coalesce(overdue_cases, 0)::bigint as overdue_cases,
    coalesce(seriously_overdue_cases, 0)::bigint as seriously_overdue_cases,
    coalesce(near_due_cases, 0)::bigint as near_due_cases,
    coalesce(due_cases, 0)::bigint as due_cases,
    overdue_rate, on_time_rate, mean_overdue_days, max_overdue_days
from counted full join held using (department)
order by overdue_cases desc, open_cases desc, department
