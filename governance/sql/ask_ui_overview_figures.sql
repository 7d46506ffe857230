-- grain: one row: a unit in scenario $scenario ('': in all)
-- red_grids: grids that are red, in any scenario; red: a grid once for each scenario in which it is
-- red_before: red grids at the step before (null: the city is too young)
with unit as (
    select
        max(grids) as grids, sum(reports_28d)::bigint as reports_28d,
        -- null in every scenario or in none
        sum(reports_28d_last_year)::bigint as reports_28d_last_year, sum(open_cases)::bigint as open_cases,
        sum(overdue_cases)::bigint as overdue_cases,
        sum(open_cases_last_year)::bigint as open_last_year, sum(overdue_cases_last_year)::bigint as overdue_last_year
    from out_unit
    where level = $level and unit_id = $unit_id and ($scenario = '' or scenario = $scenario)
),
inside as (
    select grid_no from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
),
red as (
    select count(*) as red, count(distinct grid_no) as red_grids
    from out_tier join inside using (grid_no)
    where tier = 'red' and ($scenario = '' or scenario = $scenario)
),
step as (
    select since_day from out_tier_step order by day desc limit 1
),
before as (
    select count(distinct grid_no) as red_before
    from out_tier_history join inside using (grid_no)
    where tier = 'red' and day = (select since_day from step) and ($scenario = '' or scenario = $scenario)
)
select
    grids, red, red_grids, red_grids / nullif(grids, 0) as red_share, since_day,
    if(since_day is null, null, red_before) as red_before, reports_28d, reports_28d_last_year,
    reports_28d / nullif(reports_28d_last_year, 0) - 1 as reports_change, open_cases, overdue_cases,
    overdue_cases / nullif(open_cases, 0) as overdue_share, open_last_year, overdue_last_year,
    open_cases / nullif(open_last_year, 0) - 1 as open_change
from unit cross join red cross join before left join step on true
