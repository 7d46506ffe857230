-- grain: one row per grid on a list of the last thirteen weeks
select listed.scenario, grid.grid_id, listed.week, listed.kind, listed.sampling_probability
from out_inspection as listed join core_grid as grid using (grid_no)
order by listed.week, listed.scenario, grid.grid_no
