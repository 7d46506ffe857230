-- grain: one row: headline figures of a unit in one scenario, or in all ('', cases in no scenario among them)
-- red_grids: grids that are red in the scenario; in all: in at least one
with sums as (
    select
        coalesce(sum(reports_28d), 0)::bigint as reports_28d,
        -- one scenario without a figure for last year leaves the sum without one
        case when count(*) = count(reports_28d_last_year) then sum(reports_28d_last_year)::bigint end
            as reports_28d_last_year,
        coalesce(sum(open_cases), 0)::bigint as open_cases,
        coalesce(sum(overdue_cases), 0)::bigint as overdue_cases
    from out_unit
    where level = $level and unit_id = $unit_id and ($scenario = '' or scenario = $scenario)
),
inside as (
    select grid_no from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
),
reds as (
    select count(distinct grid_no) as red_grids
    from out_tier join inside using (grid_no)
    where tier = 'red' and ($scenario = '' or scenario = $scenario)
)
select
    reports_28d, reports_28d_last_year, reports_28d / nullif(reports_28d_last_year, 0) - 1 as reports_change,
    open_cases, overdue_cases, overdue_cases / nullif(open_cases, 0) as overdue_share, red_grids,
    (select count(*) from inside) as grids
from sums cross join reds
