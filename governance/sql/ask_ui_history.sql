-- grain: one row per local month of the two years before the snapshot's moment, months without reports included
with grid as (
    select grid_no from core_grid where grid_id = $grid_id
),
months as (
    select unnest(generate_series(last_month - interval 23 month, last_month, interval 1 month))::date as month_start
    from (select max(month_start) as last_month from out_grid_month)
),
counted as (
    select month_start, reports from out_grid_month join grid using (grid_no) where scenario = $scenario
),
since as (
    select min(month_start) as first_month from out_grid_month
)
select month_start, coalesce(reports, 0) as reports
from months left join counted using (month_start) cross join since
where month_start >= first_month
order by month_start
