-- grain: one row per grid of a unit whose tier in one scenario differs from that of the step before
-- is_worse: its tier went up
with inside as (
    select grid_no, lon, lat from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
)
select
    inside.lon, inside.lat,
    list_position(['green', 'yellow', 'red'], change.tier)
        > list_position(['green', 'yellow', 'red'], change.tier_before) as is_worse
from out_tier_change as change join inside using (grid_no)
where change.scenario = $scenario and change.day = (select max(day) from out_tier_step)
order by grid_no
