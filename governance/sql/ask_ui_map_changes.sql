-- grain: one row per grid of one scenario whose tier today differs from that of the step before, the largest first
-- is_worse: its tier went up
select
    grid.lon, grid.lat, round(1000 * sqrt(grid.area_km2)) as width_m,
    list_position(['green', 'yellow', 'red'], change.tier)
        > list_position(['green', 'yellow', 'red'], change.tier_before) as is_worse
from out_tier_change as change join core_grid as grid using (grid_no)
where change.scenario = $scenario and change.day = (select max(day) from out_tier_step)
order by grid.area_km2 desc, grid.grid_no
