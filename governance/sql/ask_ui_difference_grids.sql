-- grain: one row per grid of the chosen unit whose tier on the right differs: those that are higher there first
-- up, down, same: how many grids of the unit there are of each, whatever the number of rows
with grids as (
    select grid_no, grid_id, concat_ws(' › ', level_1_zh, level_2_zh, level_3_zh) as place_zh,
        concat_ws(' › ', level_1_en, level_2_en, level_3_en) as place_en
    from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
),
one as (
    select grid_no, tier, expected_reports_28d from out_tier_history where scenario = $scenario and day = $day
),
other as (
    select grid_no, tier, expected_reports_28d from out_tier_history where scenario = $other and day = $other_day
),
compared as (
    select
        grid_id, place_zh, place_en, coalesce(one.tier, 'green') as tier_left,
        coalesce(other.tier, 'green') as tier_right, one.expected_reports_28d as expected_left,
        other.expected_reports_28d as expected_right,
        sign(
            list_position(['green', 'yellow', 'red'], coalesce(other.tier, 'green'))
            - list_position(['green', 'yellow', 'red'], coalesce(one.tier, 'green'))
        )::integer as direction
    from grids left join one using (grid_no) left join other using (grid_no)
),
counted as (
    select
        count(*) filter (direction > 0) as up, count(*) filter (direction < 0) as down,
        count(*) filter (direction = 0) as same
    from compared
)
select up, down, same, grid_id, place_zh, place_en, tier_left, tier_right, expected_left, expected_right, direction
from counted left join compared on direction <> 0
order by direction desc, greatest(coalesce(expected_left, 0), coalesce(expected_right, 0)) desc, grid_id
limit $rows
