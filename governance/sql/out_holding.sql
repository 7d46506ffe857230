-- grain: one row per holder ('~desk', '~check' among them), scenario, district and month: cases ended in that month
-- working hours that the holder had the cases; a case that several held counts with each of them
with grids as (
    select grid_no, level_1_id from core_grid
),
ended as (
    select
        source, incident_id, coalesce(scenario, '~unmapped') as scenario,
        case when cases.grid_no is null then '~unmatched' else coalesce(level_1_id, '') end as level_1_id,
        date_trunc('month', closed_on)::date as month_start,
        coalesce(first_department, '~none') as only_holder, hops > 0 or returns > 0 or reopenings > 0 as is_shared,
        desk_work_s, held_work_s, check_work_s
    from core_case as cases left join grids using (grid_no)
    where closed_on is not null and stage <> 'cancelled'
),
held as (
    select scenario, level_1_id, month_start,
        unnest([
            struct_pack(holder := '~desk', work_s := desk_work_s),
            struct_pack(holder := only_holder, work_s := held_work_s),
            struct_pack(holder := '~check', work_s := check_work_s)
        ], recursive := true)
    from ended where not is_shared
    union all
    select any_value(scenario), any_value(level_1_id), any_value(month_start), stint.holder, sum(stint.work_s)
    from ended join core_stint as stint using (source, incident_id)
    where is_shared
    group by source, incident_id, stint.holder
)
select
    holder, scenario, level_1_id, month_start, count(*) as cases, sum(work_s)::bigint as work_s,
    max(work_s)::bigint as work_s_max
from held
where work_s is not null
group by all
order by holder, scenario, level_1_id, month_start
