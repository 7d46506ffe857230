-- grain: one row per open case of a grid in one scenario, the longest overdue first
select source, incident_id, scene, department, stage, reported_at_utc, due_at_utc, overdue_hours / 24 as overdue_days,
    is_overdue, is_near_due, transfers, count(*) over () as all_rows
from out_open
where grid_id = $grid_id and scenario = $scenario
order by is_overdue desc, overdue_hours desc nulls last, due_at_utc nulls last, incident_id
limit $rows
