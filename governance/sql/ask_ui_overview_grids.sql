-- grain: one row per grid of the unit that is red in scenario $scenario ('': in any), red in the most scenarios first
with inside as (
    select grid_no, grid_id, coalesce(level_3_zh, level_2_zh, level_1_zh, '') as place_zh,
        coalesce(level_3_en, level_2_en, level_1_en, '') as place_en
    from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
)
select
    grid_id, any_value(place_zh) as place_zh, any_value(place_en) as place_en, count(*) as scenarios,
    sum(expected_reports_28d) as expected_reports_28d, arg_max(scenario, (expected_reports_28d, scenario)) as scenario
from out_tier join inside using (grid_no)
where tier = 'red' and ($scenario = '' or scenario = $scenario)
group by grid_id
order by scenarios desc, expected_reports_28d desc, grid_id
limit $rows
