-- grain: one row per grid of the chosen unit that was not green on a day, the most reports expected then first
with grids as (
    select grid_no, grid_id, coalesce(level_3_zh, level_2_zh, level_1_zh, '') as place_zh,
        coalesce(level_3_en, level_2_en, level_1_en, '') as place_en
    from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
)
select grid_id, place_zh, place_en, tier, expected_reports_28d, rank
from out_tier_history join grids using (grid_no)
where scenario = $scenario and day = $day and tier in ('red', 'yellow')
order by expected_reports_28d desc, grid_id
limit $rows
