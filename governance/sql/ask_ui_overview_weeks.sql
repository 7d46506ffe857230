-- grain: one row per unit and complete local week, the last $weeks before $as_of_day: reports, those of a year before
-- a year is 364 days; units: those right below the one of $level and $unit_id, or itself; scenario '' is all of them
-- reports_last_year: null where the data do not reach back, and for their first week, which may be incomplete
-- change: over the compared_weeks, which are known in both years; null if these are fewer than four
-- fewer_units: units with fewer reports than a year before, of the compared_units, which have a change
with shown as (
    select unit_id, any_value(coalesce(unit_zh, unit_id)) as name_zh, any_value(coalesce(unit_en, unit_id)) as name_en
    from out_unit
    where level = $level + $is_below::integer and unit_id <> '~unmatched'
        and if($is_below, parent_unit_id = $unit_id, unit_id = $unit_id)
    group by unit_id
),
weeks as (
    select (date_trunc('week', $as_of_day::date) - to_days(7 * back.weeks::integer))::date as week_start
    from range(1, $weeks + 1) as back (weeks)
),
counted as (
    select unit_id, week_start, sum(reports) as reports
    from out_trend
    where level = $level + $is_below::integer and ($scenario = '' or scenario = $scenario)
        and week_start >= $as_of_day::date - 735
    group by unit_id, week_start
),
first as (
    select min(week_start) as week_start from out_trend where level = 0
),
paired as (
    select
        shown.unit_id, name_zh, name_en, weeks.week_start, coalesce(now.reports, 0)::bigint as reports,
        case when weeks.week_start - 364 > first.week_start then coalesce(ago.reports, 0)::bigint end
            as reports_last_year
    from shown cross join weeks cross join first
    left join counted as now on now.unit_id = shown.unit_id and now.week_start = weeks.week_start
    left join counted as ago on ago.unit_id = shown.unit_id and ago.week_start = weeks.week_start - 364
),
summed as (
    select
        *, count(reports_last_year) over unit as compared_weeks, (sum(reports) over unit)::bigint as all_reports,
        (sum(reports) filter (where reports_last_year is not null) over unit)::bigint as compared_reports,
        (sum(reports_last_year) over unit)::bigint as compared_last_year
    from paired
    window unit as (partition by unit_id)
),
judged as (
    select *, if(compared_weeks >= 4, compared_reports / nullif(compared_last_year, 0) - 1, null) as change
    from summed
)
select
    *, week_start + 6 as last_day,
    greatest(max(reports) over (), coalesce(max(reports_last_year) over (), 0)) as most_reports,
    (count(*) filter (where change < 0) over () / $weeks)::integer as fewer_units,
    (count(change) over () / $weeks)::integer as compared_units
from judged
order by change desc nulls last, all_reports desc, unit_id, week_start
