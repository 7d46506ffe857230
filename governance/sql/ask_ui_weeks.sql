-- grain: one row per complete local week (Monday) of the last year, with the reports of 52 weeks before
-- reports_last_year is null where the snapshot's cases do not reach back so far.
with as_of as (
    -- the city's day: that of as_of_utc is a day earlier where the moment is a local midnight east of Greenwich
    select date_trunc('week', max(day))::date as this_week from out_tier_step
),
told as (
    select week_start, reports from out_trend
    where level = $level and unit_id = $unit_id and scenario = $scenario
),
begun as (
    -- the first week may be a broken one
    select min(week_start) + 7 as first_week from out_trend where level = 0
),
weeks as (
    select unnest(generate_series(this_week - 364, this_week - 7, interval 7 day))::date as week_start from as_of
)
select
    weeks.week_start, coalesce(now.reports, 0) as reports,
    case when weeks.week_start - 364 >= first_week then coalesce(before.reports, 0) end as reports_last_year
from weeks cross join begun
left join told as now on now.week_start = weeks.week_start
left join told as before on before.week_start = weeks.week_start - 364
where weeks.week_start >= first_week
order by weeks.week_start
