-- grain: one row per grid and scenario whose tier today differs from that of the step before, the turned red first
select
    change.scenario, grid.grid_id, change.direction, change.tier_before, change.tier, change.reason,
    change.number_before, change.number_after, change.red_places, change.floor_expected_reports_28d,
    change.expected_after, tier.p_any_28d, count(*) over () as all_rows,
    concat_ws(' › ', level_1_zh, level_2_zh, level_3_zh) as place_zh,
    concat_ws(' › ', level_1_en, level_2_en, level_3_en) as place_en
from out_tier_change as change
join core_grid as grid using (grid_no)
join out_tier as tier using (grid_no, scenario)
where change.day = (select max(day) from out_tier_step)
    and ($scenario = '' or change.scenario = $scenario)
    and ($district = '' or grid.level_1_id = $district)
order by
    list_position(['turned_red', 'left_red', 'turned_yellow', 'turned_green'], change.direction),
    change.expected_after desc, change.scenario, grid.grid_no
limit $rows
