-- grain: one row per grid of a unit on one scenario's list of this week; kind: red, or audit (drawn at random)
with inside as (
    select grid_no, lon, lat from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
)
select inside.lon, inside.lat, listed.kind
from out_inspection as listed join inside using (grid_no)
where listed.scenario = $scenario
    and listed.week = (select max(week) from out_inspection)
order by grid_no
