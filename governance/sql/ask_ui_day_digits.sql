-- grain: one row: a string with one digit per grid in the order of grid_no, as the tiers were on a day
-- 0 outside the chosen unit, 1 green, 2 yellow, 3 red
with grids as (
    select
        grid_no,
        $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
            as is_inside
    from core_grid
),
tiers as (
    select grid_no, tier from out_tier_history where scenario = $scenario and day = $day
)
select string_agg(
    case when not coalesce(is_inside, false) then '0'
        else case tier when 'yellow' then '2' when 'red' then '3' else '1' end end,
    '' order by grid_no
) as digits
from grids left join tiers using (grid_no)
