-- grain: one row: all departments under the chosen filters; rates from sums, never from rates
select
    coalesce(sum(due_cases), 0)::bigint as due_cases,
    coalesce(sum(due_still_open_cases), 0)::bigint as due_still_open_cases,
    coalesce(sum(disposed_on_time_cases), 0)::bigint as disposed_on_time_cases,
    sum(due_still_open_cases) / nullif(sum(due_cases), 0) as overdue_rate,
    sum(disposed_on_time_cases) / nullif(sum(due_cases), 0) as on_time_rate
from out_department
where ($department = '' or department = $department)
    and ($scenario = '' or scenario = $scenario)
    and ($district = '' or level_1_id = $district)
