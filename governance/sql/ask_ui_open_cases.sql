-- grain: one row per open case of a grid in one scenario, the longest overdue first
with grid as (
    select grid_no from core_grid where grid_id = $grid_id
)
select incident_id, scene, department, stage, reported_at_utc, due_at_utc, overdue_hours / 24 as overdue_days,
    is_overdue, is_near_due, transfers, count(*) over () as all_rows
from core_case
where grid_no = (select grid_no from grid) and scenario = $scenario and is_open
order by is_overdue desc, overdue_hours desc nulls last, due_at_utc nulls last, incident_id
limit $rows
