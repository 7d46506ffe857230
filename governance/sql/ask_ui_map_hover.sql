-- grain: one row per grid in the order of grid_no: its tier and forecast in one scenario, null where there is none
select grid.grid_no, tier.tier, tier.expected_reports_28d
from core_grid as grid
left join out_tier as tier on tier.grid_no = grid.grid_no and tier.scenario = $scenario
order by grid.grid_no
