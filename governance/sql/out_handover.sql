-- grain: one row per scenario, scene, district, sender, receiver, kind and reason: hand-overs of the last 365 days
with handed as (
    select source, incident_id, kind, from_department, to_department, coalesce(reason, '') as reason
    from src_handover
    where at_utc >= $as_of_utc - interval 365 day
),
grids as (
    select grid_no, level_1_id from core_grid
)
select
    coalesce(cases.scenario, '~unmapped') as scenario, cases.scene,
    case when cases.grid_no is null then '~unmatched' else coalesce(grids.level_1_id, '') end as level_1_id,
    handed.from_department, handed.to_department, handed.kind, handed.reason,
    count(*) as events, count(distinct (handed.source, handed.incident_id)) as cases
from handed
join core_case as cases using (source, incident_id)
left join grids using (grid_no)
group by all
order by events desc, scenario, level_1_id, from_department, to_department, kind, reason
