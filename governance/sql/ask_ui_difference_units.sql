-- grain: one row per unit right below the chosen one, '~none' for grids of none: the most grids more in red first
-- red_left, red_right, red_change: its red grids on both sides; up, down: its grids whose tier is higher, lower there
with grids as (
    select
        grid_no,
        case $level when 0 then level_1_id when 1 then level_2_id else level_3_id end as unit_id,
        case $level when 0 then level_1_zh when 1 then level_2_zh else level_3_zh end as name_zh,
        case $level when 0 then level_1_en when 1 then level_2_en else level_3_en end as name_en
    from core_grid
    where $level = 0 or case $level when 1 then level_1_id else level_2_id end = $unit_id
),
tiers as (
    select scenario, day, grid_no, list_position(['green', 'yellow', 'red'], tier) as height from out_tier_history
),
compared as (
    select grids.*, coalesce(one.height, 1) as one, coalesce(other.height, 1) as other
    from grids
    left join (select grid_no, height from tiers where scenario = $scenario and day = $day) as one using (grid_no)
    left join (select grid_no, height from tiers where scenario = $other and day = $other_day) as other
        using (grid_no)
)
select
    coalesce(unit_id, '~none') as unit_id, coalesce(any_value(name_zh), unit_id) as name_zh,
    coalesce(any_value(name_en), unit_id) as name_en, count(*) as grids,
    count(*) filter (one = 3) as red_left, count(*) filter (other = 3) as red_right,
    red_right - red_left as red_change, count(*) filter (other > one) as up, count(*) filter (other < one) as down
from compared
group by compared.unit_id
order by red_change desc, red_right desc, unit_id
