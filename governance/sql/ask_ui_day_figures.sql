-- grain: one row: how many grids of the chosen unit had each tier on a day
with grids as (
    select grid_no from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
),
tiers as (
    select coalesce(tier, 'green') as tier
    from grids left join (select grid_no, tier from out_tier_history where scenario = $scenario and day = $day)
        using (grid_no)
),
counted as (
    select
        count(*) as grids, count(*) filter (tier = 'red') as red, count(*) filter (tier = 'yellow') as yellow,
        count(*) filter (tier = 'green') as green
    from tiers
)
select grids, red, yellow, green, red / nullif(grids, 0) as red_share, yellow / nullif(grids, 0) as yellow_share,
    green / nullif(grids, 0) as green_share
from counted
