-- grain: one row per incident reported before $as_of_utc, with its grid, its scene, its stage and its clock
with incident as (
    select * from src_case_incident
),
joined as (
    select
        incident.* exclude (department, due_at_utc, closed_at_utc, is_closed, template_due_at_utc, file_key),
        coalesce(own.department, holder.department, scene.lead) as department,
        coalesce(incident.due_at_utc, incident.template_due_at_utc) as due_at_utc,
        case when incident.due_at_utc is not null then 'row'
            when incident.template_due_at_utc is not null then 'template' end as due_from,
        event.dispatched_at_utc, event.accepted_at_utc, event.evaluated_at_utc,
        -- what was done before a reopening has to be done again
        case when event.disposed_at_utc >= coalesce(event.reopened_at_utc, event.disposed_at_utc)
            then event.disposed_at_utc end as disposed_at_utc,
        case when event.verified_at_utc >= coalesce(event.reopened_at_utc, event.verified_at_utc)
            then event.verified_at_utc end as verified_at_utc,
        event.reopened_at_utc,
        case when coalesce(incident.closed_at_utc, event.closed_at_utc) < $as_of_utc
            then coalesce(incident.closed_at_utc, event.closed_at_utc) end as closed_at_utc,
        incident.is_closed and incident.closed_at_utc is null and event.closed_at_utc is null
            as is_closed_some_time,
        coalesce(event.transfers, 0)::smallint as transfers,
        coalesce(event.returns, 0)::smallint as returns,
        coalesce(event.reopenings, 0)::smallint as reopenings
    from incident
    left join map_scene as scene
        on scene.scenario = incident.scenario and scene.scene is not distinct from incident.scene
    left join map_department as own on own.text = incident.department
    left join mid_case_event as event
        on event.incident_id = incident.incident_id and event.source = incident.source
    left join map_department as holder on holder.text = event.holder
),
staged as (
    select
        * exclude (is_closed_some_time, reopened_at_utc),
        not is_cancelled and not is_closed_some_time
            and coalesce(closed_at_utc < reopened_at_utc, closed_at_utc is null) as is_open,
        coalesce(disposed_at_utc, closed_at_utc) as finished_at_utc
    from joined
)
select
    source, incident_id, reported_at_utc,
    ((reported_at_utc at time zone 'UTC') at time zone $zone)::date as reported_on,
    lon, lat, grid_no,
    case when grid_no is not null then 'matched' when lon is null then 'missing' else 'outside' end as location_status,
    category, scenario, scene, department, severity, is_discovered, place_key,
    case
        when is_cancelled then 'cancelled'
        when evaluated_at_utc is not null and not is_open then 'evaluated'
        when not is_open then 'closed'
        when verified_at_utc is not null then 'verified'
        when disposed_at_utc is not null then 'disposed'
        when accepted_at_utc is not null then 'accepted'
        when dispatched_at_utc is not null then 'dispatched'
        else 'reported'
    end as stage,
    dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc,
    case when not is_open then closed_at_utc end as closed_at_utc, due_at_utc, due_from,
    is_open,
    is_open and disposed_at_utc is null and coalesce(due_at_utc < $as_of_utc, false) as is_overdue,
    is_open and disposed_at_utc is null and coalesce(
        due_at_utc >= $as_of_utc and $as_of_utc >= reported_at_utc + (due_at_utc - reported_at_utc) * 0.8, false
    ) as is_near_due,
    is_open and disposed_at_utc is null and coalesce(
        $as_of_utc > reported_at_utc + (due_at_utc - reported_at_utc) * 3 and due_at_utc < $as_of_utc, false
    ) as is_seriously_overdue,
    coalesce(not is_open and finished_at_utc > due_at_utc, disposed_at_utc > due_at_utc, false) as is_disposed_late,
    case when is_overdue then epoch($as_of_utc - due_at_utc) / 3600 end as overdue_hours,
    case when is_open then epoch($as_of_utc - reported_at_utc) / 3600 end as age_hours,
    transfers, returns, reopenings, source_is_overdue
from staged
