-- grain: one row per open case past its due time
with grids as (
    select grid_no, grid_id, level_1_id, level_2_id from core_grid
)
select
    source, incident_id, coalesce(department, '~none') as department, coalesce(scenario, '~unmapped') as scenario,
    scene, grid_no, grid_id, case when grid_no is null then '~unmatched' else coalesce(level_1_id, '') end as level_1_id,
    level_2_id, reported_at_utc, due_at_utc, due_from, overdue_hours, age_hours, is_seriously_overdue, stage,
    transfers, returns
from core_case left join grids using (grid_no)
where is_overdue
order by overdue_hours desc
