-- grain: one row per case that was not cancelled, with the five things it is counted by, none of them null
select
    cases.* replace (
        coalesce(scenario, '~unmapped') as scenario, coalesce(scene, '~none') as scene,
        coalesce(department, '~none') as department
    ),
    case when cases.grid_no is null then '~unmatched' else coalesce(grid.level_1_id, '') end as level_1_id,
    case when cases.grid_no is null then '~unmatched' else coalesce(grid.level_2_id, '') end as level_2_id
from core_case as cases left join core_grid as grid on grid.grid_no = cases.grid_no
where stage <> 'cancelled'
