-- grain: one row: a case by its source and id, with its place, its clock and where it stands
select
    cases.source, cases.incident_id, cases.category, cases.scenario, cases.scene, cases.department, cases.level,
    cases.template_version, cases.is_discovered, cases.stage, cases.reported_at_utc, cases.closed_at_utc,
    cases.cancelled_at_utc, cases.due_at_utc, cases.due_from, cases.is_open, cases.holder, cases.holder_since_utc,
    epoch(as_of_utc - cases.holder_since_utc) / 3600 as held_hours, cases.age_hours, cases.overdue_hours,
    epoch(if(cases.stage = 'cancelled', cases.cancelled_at_utc, cases.closed_at_utc) - cases.reported_at_utc) / 3600
        as took_hours,
    cases.used_share,
    cases.transfers, cases.returns, cases.hops, cases.is_ping_pong, cases.reopenings, cases.extensions, cases.pauses,
    cases.paused_hours, cases.illegal_moves, cases.location_status,
    case
        when not cases.is_open then null
        when cases.is_paused and not cases.is_overdue then 'paused'
        when cases.disposed_at_utc is not null then 'awaiting_check'
        when cases.is_seriously_overdue then 'seriously_overdue'
        when cases.is_overdue then 'overdue'
        when cases.due_at_utc is null then 'no_limit'
        when cases.is_near_due then 'near_due'
        else 'in_time'
    end as state,
    grid_id, level_1_id, level_2_id, level_3_id
from core_case as cases cross join (select as_of_utc from meta_manifest)
left join core_grid using (grid_no)
where cases.source = $source and cases.incident_id = $incident_id
