-- grain: one row per grid of the chosen unit that is not green, the most reports expected first, red before yellow
select
    grid_id, coalesce(level_3_zh, level_2_zh, level_1_zh, '') as place_zh,
    coalesce(level_3_en, level_2_en, level_1_en, '') as place_en, tier, expected_reports_28d, lon, lat
from out_tier join core_grid using (grid_no)
where scenario = $scenario and tier <> 'green'
    and ($level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id)
order by tier = 'red' desc, rank, grid_id
limit $rows
