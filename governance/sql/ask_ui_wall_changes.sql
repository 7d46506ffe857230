-- grain: one row per grid and scenario that turned red since the step before, the most reports expected first
select
    change.scenario, grid.grid_id, change.direction, change.tier_before, change.tier, change.reason,
    change.expected_after, coalesce(level_3_zh, level_2_zh, level_1_zh, '') as place_zh,
    coalesce(level_3_en, level_2_en, level_1_en, '') as place_en
from out_tier_change as change join core_grid as grid using (grid_no)
where change.day = (select max(day) from out_tier_step) and change.direction = 'turned_red'
    and ($scenario = '' or change.scenario = $scenario)
    and ($level = 0 or $unit_id = case $level
        when 1 then grid.level_1_id when 2 then grid.level_2_id else grid.level_3_id end)
order by change.expected_after desc, change.scenario, grid.grid_no
limit $rows
