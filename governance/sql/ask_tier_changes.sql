-- grain: one row per grid and scenario whose tier today differs from that of the step before, the turned red first
select
    change.scenario, grid.grid_id, grid.grid_no, grid.level_1_id, change.day, change.since_day, change.tier_before,
    change.tier, change.reason, change.number_before, change.number_after, change.expected_before,
    change.expected_after, change.rank_before, change.rank_after, change.red_places,
    change.floor_expected_reports_28d,
    coalesce(grid.level_3_zh, grid.level_2_zh, grid.level_1_zh, '') as place_zh,
    coalesce(grid.level_3_en, grid.level_2_en, grid.level_1_en, '') as place_en
from out_tier_change as change join core_grid as grid using (grid_no)
where change.day = (select max(day) from out_tier_history)
    and ($scenario::varchar is null or change.scenario = $scenario)
    and ($district::varchar is null or grid.level_1_id = $district)
order by change.scenario, change.tier <> 'red', change.tier_before <> 'red', change.rank_after, grid.grid_no
