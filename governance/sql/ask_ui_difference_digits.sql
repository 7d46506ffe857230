-- grain: one row: a string with one digit per grid in the order of grid_no: how its tier on the right differs
-- 0 outside the chosen unit, 1 the same, 2 lower on the right, 3 higher on the right
with grids as (
    select
        grid_no,
        $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
            as is_inside
    from core_grid
),
tiers as (
    select scenario, day, grid_no, list_position(['green', 'yellow', 'red'], tier) as height from out_tier_history
),
compared as (
    select grid_no, is_inside, coalesce(one.height, 1) as one, coalesce(other.height, 1) as other
    from grids
    left join (select grid_no, height from tiers where scenario = $scenario and day = $day) as one using (grid_no)
    left join (select grid_no, height from tiers where scenario = $other and day = $other_day) as other
        using (grid_no)
)
select string_agg(
    case when not coalesce(is_inside, false) then '0' when other > one then '3' when other < one then '2' else '1' end,
    '' order by grid_no
) as digits
from compared
