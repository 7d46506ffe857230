-- grain: one row per grid of the unit and scenario ('': all) that turned red since the step before, most expected first
select
    change.scenario, grid.grid_id, change.direction, change.tier_before, change.tier, change.reason,
    change.number_before, change.number_after, change.red_places, change.floor_expected_reports_28d,
    coalesce(grid.level_3_zh, grid.level_2_zh, grid.level_1_zh, '') as place_zh,
    coalesce(grid.level_3_en, grid.level_2_en, grid.level_1_en, '') as place_en
from out_tier_change as change join core_grid as grid using (grid_no)
where change.day = (select max(day) from out_tier_step) and change.direction = 'turned_red'
    and ($scenario = '' or change.scenario = $scenario)
    and ($level = 0 or $unit_id = case $level
        when 1 then grid.level_1_id when 2 then grid.level_2_id else grid.level_3_id end)
order by change.expected_after desc, change.scenario, grid.grid_no
limit $rows
