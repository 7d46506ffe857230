-- grain: one row: how many marks each layer of one scenario has in one unit
-- incidents_outside, overdue_outside: those of the whole city that lie in no grid, and so on no map
with inside as (
    select grid_no from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
),
outside as (
    select reports_28d, overdue_cases from out_unit
    where $level = 0 and level = 1 and unit_id = '~unmatched' and scenario = $scenario
)
select
    (select count(*) from out_recent_incident semi join inside using (grid_no) where scenario = $scenario) as incidents,
    (select count(*) from out_open semi join inside using (grid_no) where scenario = $scenario and is_overdue)
        as overdue,
    (
        select count(*) from out_tier_change semi join inside using (grid_no)
        where scenario = $scenario and day = (select max(day) from out_tier_step)
    ) as changes,
    (
        select count(*) from out_inspection semi join inside using (grid_no)
        where scenario = $scenario and week = (select max(week) from out_inspection)
    ) as stops,
    coalesce((select reports_28d from outside), 0) as incidents_outside,
    coalesce((select overdue_cases from outside), 0) as overdue_outside,
    (select max(week) from out_inspection) as week
