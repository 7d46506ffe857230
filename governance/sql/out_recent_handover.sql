-- grain: one row per hand-over of the last 28 days
with grids as (
    select grid_no, grid_id, level_1_id from core_grid
)
select
    handed.source, handed.incident_id, handed.at_utc, handed.kind, handed.from_department, handed.to_department,
    coalesce(handed.reason, '') as reason, coalesce(cases.scenario, '~unmapped') as scenario, cases.scene,
    case when cases.grid_no is null then '~unmatched' else coalesce(grids.level_1_id, '') end as level_1_id,
    grids.grid_id, cases.is_open, cases.holder, cases.is_overdue, cases.hops, cases.is_ping_pong
from src_handover as handed
join core_case as cases using (source, incident_id)
left join grids using (grid_no)
where handed.at_utc >= $as_of_utc - interval 28 day
order by handed.at_utc desc, handed.source, handed.incident_id, handed.kind
