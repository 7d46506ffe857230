-- grain: one row per holder ('~desk', '~check' among them), scenario, district and local month of the case's report
-- stretches: times that somebody held a case; work_s: working seconds of them, up to the moment while one lasts
with places as (
    select grid_no, coalesce(level_1_id, '') as level_1_id from core_grid
),
told as (
    select
        source, incident_id, coalesce(scenario, '~unmapped') as scenario,
        date_trunc('month', reported_on)::date as month_start,
        if(grid_no is null, '~unmatched', level_1_id) as level_1_id,
        coalesce(first_department, '~none') as only_holder,
        -- whose stretches stand in core_stint one by one; of the others core_case has the sums
        is_open or hops > 0 or returns > 0 or reopenings > 0 as has_stints, desk_work_s, held_work_s, check_work_s
    from core_case left join places using (grid_no)
    where stage <> 'cancelled'
),
held as (
    select scenario, level_1_id, month_start,
        unnest([
            struct_pack(department := '~desk', work_s := desk_work_s),
            struct_pack(department := only_holder, work_s := held_work_s),
            struct_pack(department := '~check', work_s := check_work_s)
        ], recursive := true)
    from told where not has_stints
    union all
    select scenario, level_1_id, month_start, stint.holder, stint.work_s
    from told join core_stint as stint using (source, incident_id)
    where has_stints
)
select
    department, scenario, level_1_id, month_start, count(*)::integer as stretches, sum(work_s)::bigint as work_s
from held
where work_s is not null
group by all
order by department, scenario, level_1_id, month_start
