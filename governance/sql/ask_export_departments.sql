-- grain: one row per department ('~none'), scenario ('~unmapped') and district ('~unmatched')
select
    counts.department, department.name_zh as department_zh, department.name_en as department_en,
    counts.scenario, counts.level_1_id, counts.open_cases, counts.overdue_cases, counts.near_due_cases,
    counts.seriously_overdue_cases, counts.due_cases, counts.disposed_on_time_cases, counts.overdue_hours_sum
from out_department as counts left join meta_department as department using (department)
order by counts.department, counts.scenario, counts.level_1_id
