-- grain: one row per incident of the last 28 days in one scenario that lies in a grid of the unit
with inside as (
    select grid_no from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
)
select lon, lat from out_recent_incident semi join inside using (grid_no) where scenario = $scenario
