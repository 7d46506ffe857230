-- grain: one row per incident whose case is made, with its department, its deadline and what its events tell
with incident as (
    select * from src_case_incident
)
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
    case when coalesce(incident.closed_at_utc, event.closed_at_utc) < getvariable('as_of_utc')
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
left join src_case_event as event
    on event.incident_id = incident.incident_id and event.source = incident.source
left join map_department as holder on holder.text = event.holder
