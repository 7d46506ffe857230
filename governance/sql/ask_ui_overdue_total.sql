-- grain: one row: all departments under the chosen filters; rates from sums, never from rates
select
    coalesce(sum(open_cases), 0)::bigint as open_cases,
    coalesce(sum(overdue_cases), 0)::bigint as overdue_cases,
    coalesce(sum(seriously_overdue_cases), 0)::bigint as seriously_overdue_cases,
    coalesce(sum(near_due_cases), 0)::bigint as near_due_cases,
    coalesce(sum(due_cases), 0)::bigint as due_cases,
    coalesce(sum(due_still_open_cases), 0)::bigint as due_still_open_cases,
    coalesce(sum(disposed_on_time_cases), 0)::bigint as disposed_on_time_cases,
    coalesce(sum(overdue_cases) filter (where level_1_id = '~unmatched'), 0)::bigint as unmatched_overdue_cases,
    sum(due_still_open_cases) / nullif(sum(due_cases), 0) as overdue_rate,
    sum(disposed_on_time_cases) / nullif(sum(due_cases), 0) as on_time_rate,
    sum(overdue_hours_sum) / nullif(sum(overdue_cases), 0) / 24 as mean_overdue_days
from out_department
where ($department = '' or department = $department)
    and ($scenario = '' or scenario = $scenario)
    and ($district = '' or level_1_id = $district)
