-- grain: one row per open case, with its place, its holder, its clock and how it came to its holder
with grids as (
    select grid_no, grid_id, level_1_id, level_2_id from core_grid
)
select
    cases.source, cases.incident_id, coalesce(cases.department, '~none') as department, cases.holder,
    cases.holder_since_utc, epoch($as_of_utc - cases.holder_since_utc) / 86400 as held_days,
    coalesce(cases.scenario, '~unmapped') as scenario, cases.scene, cases.category, cases.level,
    cases.template_version, cases.lon, cases.lat, cases.grid_no, grids.grid_id,
    case when cases.grid_no is null then '~unmatched' else coalesce(grids.level_1_id, '') end as level_1_id,
    grids.level_2_id, cases.stage, cases.reported_at_utc, cases.due_at_utc, cases.due_from, cases.accept_due_at_utc,
    cases.verify_due_at_utc,
    case
        when cases.is_paused and not cases.is_overdue then 'paused'
        when cases.disposed_at_utc is not null then 'awaiting_check'
        when cases.is_seriously_overdue then 'seriously_overdue'
        when cases.is_overdue then 'overdue'
        when cases.due_at_utc is null then 'no_limit'
        when cases.is_near_due then 'near_due'
        else 'in_time'
    end as state,
    cases.is_overdue, cases.is_seriously_overdue, cases.is_near_due,
    coalesce(((cases.due_at_utc at time zone 'UTC') at time zone $zone)::date = $as_of_day, false)
        and cases.disposed_at_utc is null as is_due_today,
    cases.stage = 'dispatched' and coalesce(cases.accept_due_at_utc < $as_of_utc, false) as is_late_to_accept,
    cases.stage = 'disposed' and coalesce(cases.verify_due_at_utc < $as_of_utc, false) as is_late_to_verify,
    cases.used_share, case when cases.is_overdue then cases.overdue_hours end as overdue_hours, cases.age_hours,
    cases.transfers, cases.returns, cases.hops, cases.is_ping_pong, cases.extensions, cases.pauses,
    cases.paused_hours, cases.reopenings,
    last.from_department as came_from, last.kind as came_by, last.reason as came_for, last.at_utc as came_at_utc
from core_case as cases
left join grids using (grid_no)
left join mid_last_handover as last
    on last.incident_id = cases.incident_id and last.source = cases.source and last.to_department = cases.holder
where cases.is_open
