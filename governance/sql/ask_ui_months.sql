-- grain: one row per complete local month of the last year of a unit (level 1 to 3) or a grid (4): reports, and those
-- of the same month a year before; reports_last_year is null where the snapshot's cases do not reach back so far
with grids as (
    select grid_no from core_grid
    where case $level when 1 then level_1_id when 2 then level_2_id when 3 then level_3_id else grid_id end = $unit_id
),
told as (
    select month_start, sum(reports)::bigint as reports
    from out_grid_month semi join grids using (grid_no) where scenario = $scenario
    group by month_start
),
begun as (
    -- the first month may be a broken one
    select (min(month_start) + interval 1 month)::date as first_month from out_grid_month
),
as_of as (
    -- the city's day: that of as_of_utc is a day earlier where the moment is a local midnight east of Greenwich
    select date_trunc('month', max(day))::date as this_month from out_tier_step
),
months as (
    select
        unnest(generate_series(this_month - interval 12 month, this_month - interval 1 month, interval 1 month))::date
            as month_start
    from as_of
)
select
    months.month_start, coalesce(now.reports, 0) as reports,
    case when months.month_start - interval 12 month >= first_month then coalesce(before.reports, 0) end
        as reports_last_year
from months cross join begun
left join told as now on now.month_start = months.month_start
left join told as before on before.month_start = months.month_start - interval 12 month
where months.month_start >= first_month
order by months.month_start
