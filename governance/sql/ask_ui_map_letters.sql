-- grain: one row per red or yellow grid of a unit in one scenario: where its letter stands, and how wide the grid is
select grid.lon, grid.lat, 1000 * sqrt(grid.area_km2) as width_m, tier.tier
from out_tier as tier join core_grid as grid using (grid_no)
where tier.scenario = $scenario and tier.tier <> 'green'
    and ($level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id)
order by grid.grid_no
