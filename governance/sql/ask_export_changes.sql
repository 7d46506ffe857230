-- grain: one row per grid and scenario whose tier today differs from that of the step before, the turned red first
-- of $scenario and the district $district (null: all)
select
    change.scenario, named.name_zh as scenario_zh, named.name_en as scenario_en, grid.grid_id,
    grid.level_1_id, grid.level_1_zh, grid.level_1_en, grid.level_2_id, grid.level_2_zh, grid.level_2_en,
    grid.level_3_id, grid.level_3_zh, grid.level_3_en,
    change.since_day::varchar as since_day, change.day::varchar as day, change.direction, change.tier_before,
    change.tier, change.reason, change.number_before, change.number_after, change.expected_before,
    change.expected_after, tier.p_any_28d, change.rank_before, change.rank_after, change.red_places,
    change.floor_expected_reports_28d
from out_tier_change as change
join core_grid as grid using (grid_no)
join out_tier as tier using (grid_no, scenario)
left join meta_scenario as named using (scenario)
where change.day = (select max(day) from out_tier_step)
    and ($scenario::varchar is null or change.scenario = $scenario)
    and ($district::varchar is null or grid.level_1_id = $district)
order by
    list_position(['turned_red', 'left_red', 'turned_yellow', 'turned_green'], change.direction),
    change.expected_after desc, change.scenario, grid.grid_no
