-- grain: one row per open overdue case of $scenario and district $district (null: all), the longest overdue first
select
    overdue.source, overdue.incident_id, overdue.overdue_hours, overdue.age_hours, overdue.due_at_utc,
    overdue.reported_at_utc, overdue.department, department.name_zh as department_zh,
    department.name_en as department_en, overdue.scenario, named.name_zh as scenario_zh, named.name_en as scenario_en,
    overdue.scene, overdue.category, overdue.stage, overdue.transfers, overdue.returns, overdue.grid_id,
    overdue.level_1_id, grid.level_1_zh, grid.level_1_en, grid.level_2_id, grid.level_2_zh, grid.level_2_en,
    overdue.lon, overdue.lat
from out_open as overdue
left join core_grid as grid using (grid_no)
left join meta_scenario as named using (scenario)
left join meta_department as department using (department)
where overdue.is_overdue
    and ($scenario::varchar is null or overdue.scenario = $scenario)
    and ($district::varchar is null or overdue.level_1_id = $district)
order by overdue.overdue_hours desc, overdue.source, overdue.incident_id
