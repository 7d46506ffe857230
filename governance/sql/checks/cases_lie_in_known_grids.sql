-- grain: one row per grid number that cases carry and no grid has, or whose status says otherwise
select core_case.grid_no, core_case.location_status, count(*) as cases
from core_case left join core_grid using (grid_no)
where (core_case.grid_no is not null and core_grid.grid_no is null)
    or (core_case.grid_no is null) <> (core_case.location_status <> 'matched')
group by all
