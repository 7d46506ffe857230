-- grain: one row per open case past its due time under the chosen filters, the longest overdue first
select
    source, incident_id, department, scenario, scene, grid_id, level_1_id, level_2_id, stage, reported_at_utc,
    due_at_utc, overdue_hours / 24 as overdue_days, age_hours / 24 as age_days, transfers, returns,
    is_seriously_overdue, count(*) over () as all_rows
from out_overdue
where ($department = '' or department = $department)
    and ($scenario = '' or scenario = $scenario)
    and ($district = '' or level_1_id = $district)
    and ($stage = '' or stage = $stage)
order by overdue_hours desc, source, incident_id
limit $rows
