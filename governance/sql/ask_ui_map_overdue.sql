-- grain: one row per overdue case of one scenario that lies in a grid of the unit; its place to about ten metres
with inside as (
    select grid_no from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
)
select round(lon, 4) as lon, round(lat, 4) as lat
from out_open semi join inside using (grid_no)
where scenario = $scenario and is_overdue
order by lon, lat
