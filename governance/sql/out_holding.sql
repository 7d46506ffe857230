-- grain: one row per kind of period, holder ('~desk', '~check' among them), scenario, town and local week or month of the report
-- stretches: times that somebody held a case; work_s: working seconds of them, up to the moment while one lasts
with places as (
    select
        grid_no, coalesce(level_1_id, '') as level_1_id, coalesce(level_2_id, '') as level_2_id,
        dense_rank() over (order by coalesce(level_1_id, ''), coalesce(level_2_id, ''))::integer as town_no
    from core_grid
),
told as (
    select
        source, incident_id, coalesce(scenario, '~unmapped') as scenario, reported_on, coalesce(town_no, 0) as town_no,
        coalesce(first_department, '~none') as only_holder,
        -- whose stretches stand in core_stint one by one; of the others core_case has the sums
        is_open or hops > 0 or returns > 0 or reopenings > 0 as has_stints, desk_work_s, held_work_s, check_work_s
    from core_case left join places using (grid_no)
    where stage <> 'cancelled'
),
held as (
    select scenario, town_no, reported_on,
        unnest([
            struct_pack(department := '~desk', work_s := desk_work_s),
            struct_pack(department := only_holder, work_s := held_work_s),
            struct_pack(department := '~check', work_s := check_work_s)
        ], recursive := true)
    from told where not has_stints
    union all
    select scenario, town_no, reported_on, stint.holder, stint.work_s
    from told join core_stint as stint using (source, incident_id)
    where has_stints
),
summed as (
    -- no week and month have more in common than this: both are sums of its rows
    select
        department, scenario, town_no, date_trunc('week', reported_on)::date as week_start,
        date_trunc('month', reported_on)::date as month_start, count(*) as stretches, sum(work_s)::bigint as work_s
    from held
    where work_s is not null
    group by all
),
dated as (
    select 'week' as period, week_start as period_start, * from summed
    union all
    select 'month', month_start, * from summed
),
towns as (select distinct town_no, level_1_id, level_2_id from places)
select
    period, period_start, department, scenario, coalesce(level_1_id, '~unmatched') as level_1_id,
    coalesce(level_2_id, '~unmatched') as level_2_id, sum(stretches)::integer as stretches, sum(work_s)::bigint as work_s
from dated left join towns using (town_no)
group by all
order by period, department, scenario, level_1_id, level_2_id, period_start
