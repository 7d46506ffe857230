-- grain: one row per department under the chosen filters, the most overdue first; empty filters mean all
select
    department,
    sum(open_cases)::bigint as open_cases,
    sum(overdue_cases)::bigint as overdue_cases,
    sum(seriously_overdue_cases)::bigint as seriously_overdue_cases,
    sum(near_due_cases)::bigint as near_due_cases,
    sum(due_cases)::bigint as due_cases,
    sum(due_still_open_cases)::bigint as due_still_open_cases,
    sum(disposed_on_time_cases)::bigint as disposed_on_time_cases,
    round(sum(due_still_open_cases) / nullif(sum(due_cases), 0), 3) as overdue_rate,
    round(sum(disposed_on_time_cases) / nullif(sum(due_cases), 0), 3) as on_time_rate,
    sum(overdue_hours_sum) / nullif(sum(overdue_cases), 0) / 24 as mean_overdue_days,
    case when sum(overdue_cases) > 0 then max(overdue_hours_max) / 24 end as max_overdue_days
from out_department
where ($department = '' or department = $department)
    and ($scenario = '' or scenario = $scenario)
    and ($district = '' or level_1_id = $district)
group by department
having sum(open_cases) > 0 or sum(due_cases) > 0
order by overdue_cases desc, open_cases desc, department
