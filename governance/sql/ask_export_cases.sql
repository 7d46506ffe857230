-- grain: one row per incident of $scenario ('~unmapped': none) and $district ('~unmatched': no grid); null: all
select
    cases.source, cases.incident_id, cases.reported_at_utc, cases.category,
    coalesce(cases.scenario, '~unmapped') as scenario, named.name_zh as scenario_zh, named.name_en as scenario_en,
    cases.scene, coalesce(cases.department, '~none') as department,
    department.name_zh as department_zh, department.name_en as department_en, cases.stage,
    cases.location_status, grid.grid_id,
    case when cases.grid_no is null then '~unmatched' else coalesce(grid.level_1_id, '') end as level_1_id,
    grid.level_1_zh, grid.level_1_en, grid.level_2_id, grid.level_2_zh, grid.level_2_en, cases.severity,
    cases.is_discovered, cases.is_open, cases.is_overdue, cases.is_near_due, cases.due_from,
    cases.due_at_utc, cases.dispatched_at_utc, cases.accepted_at_utc, cases.disposed_at_utc, cases.verified_at_utc,
    cases.closed_at_utc, case when cases.is_overdue then cases.overdue_hours end as overdue_hours, cases.age_hours,
    cases.transfers, cases.returns, cases.reopenings, cases.lon, cases.lat
from core_case as cases
left join core_grid as grid using (grid_no)
left join meta_scenario as named using (scenario)
left join meta_department as department using (department)
where ($scenario::varchar is null or coalesce(cases.scenario, '~unmapped') = $scenario)
    and ($district::varchar is null
        or case when cases.grid_no is null then '~unmatched' else coalesce(grid.level_1_id, '') end = $district)
