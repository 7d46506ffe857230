-- grain: one row per kind of period, holder ('~desk', '~check' among them), scenario, town and local month of the
-- report, or district and local week: with both towns and weeks there would be as many rows as cases
-- stretches: times that somebody held a case; work_s: working seconds of them, up to the moment while one lasts
with places as (
    select
        grid_no, coalesce(level_1_id, '') as level_1_id, coalesce(level_2_id, '') as level_2_id,
        -- texts in numbers, which group faster; 0 stands for whatever lies in no grid
        dense_rank() over (order by coalesce(level_1_id, ''))::smallint as district_no,
        dense_rank() over (order by coalesce(level_1_id, ''), coalesce(level_2_id, ''))::smallint as town_no
    from core_grid
),
told as (
    select
        source, incident_id, coalesce(scenario, '~unmapped') as scenario,
        date_trunc('week', reported_on)::date as week_start, date_trunc('month', reported_on)::date as month_start,
        coalesce(district_no, 0)::smallint as district_no, coalesce(town_no, 0)::smallint as town_no,
        -- of a case without stretches the first department is the only one
        has_stints, coalesce(first_department, '~none') as only_holder, desk_work_s, held_work_s, check_work_s
    from core_case left join places using (grid_no)
    where stage <> 'cancelled'
),
held as (
    select scenario, district_no, town_no, week_start, month_start,
        unnest([
            struct_pack(department := '~desk', work_s := desk_work_s),
            struct_pack(department := only_holder, work_s := held_work_s),
            struct_pack(department := '~check', work_s := check_work_s)
        ], recursive := true)
    from told where not has_stints
    union all
    select scenario, district_no, town_no, week_start, month_start, stint.holder, stint.work_s
    from told join core_stint as stint using (source, incident_id)
    where has_stints
),
summed as (
    select
        department, scenario, district_no, town_no, week_start, month_start, count(*)::integer as stretches,
        sum(work_s)::bigint as work_s
    from held
    where work_s is not null
    group by grouping sets (
        (department, scenario, district_no, town_no, month_start), (department, scenario, district_no, week_start)
    )
),
districts as (select distinct district_no, level_1_id from places),
towns as (select distinct town_no, level_2_id from places)
select
    if(week_start is null, 'month', 'week') as period, coalesce(week_start, month_start) as period_start, department,
    scenario, coalesce(level_1_id, '~unmatched') as level_1_id,
    if(week_start is null, coalesce(level_2_id, '~unmatched'), null) as level_2_id, stretches, work_s
from summed
left join districts using (district_no)
left join towns using (town_no)
order by period, department, scenario, level_1_id, level_2_id, period_start
