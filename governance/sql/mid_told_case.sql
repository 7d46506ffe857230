-- grain: one row per incident whose case is made, with its department and what its log tells; no deadline judged yet
with told as (
    select
        incident.* exclude (department, closed_at_utc, is_closed, is_cancelled, file_key),
        coalesce(own.department, trace.last_department, scene.lead) as department,
        trace.* exclude (source, incident_id, closed_at_utc, last_department),
        -- a log in which nobody ever has the case tells no more of holders than none
        trace.first_held_at_utc is not null as has_log, trace.last_department as last_holder,
        -- of two closings the later one, as it was known at the moment
        greatest(
            if(incident.closed_at_utc < getvariable('as_of_utc'), incident.closed_at_utc, null), trace.closed_at_utc
        ) as closed_at_utc,
        incident.is_closed and incident.closed_at_utc is null and trace.closed_at_utc is null as is_closed_some_time,
        incident.is_cancelled
            or coalesce(trace.cancelled_at_utc >= coalesce(trace.reopened_at_utc, trace.cancelled_at_utc), false)
            as is_cancelled
    from src_case_incident as incident
    left join map_scene as scene
        on scene.template_version = incident.template_version and scene.scene is not distinct from incident.scene
    left join map_department as own on own.text = incident.department
    left join src_case_trace as trace
        on trace.incident_id = incident.incident_id and trace.source = incident.source
),
opened as (
    select
        *,
        -- a source that never tells of a closing leaves it unknown whether a case is open
        tells_closing and not is_cancelled and not is_closed_some_time
            and coalesce(closed_at_utc < reopened_at_utc, closed_at_utc is null) as is_open
    from told
)
select
    * exclude (disposed_at_utc, verified_at_utc, is_winding),
    -- whose stretches are kept one by one; of the others the sums say it all
    is_open or coalesce(is_winding, false) as has_stints,
    -- what was done before the case came back into someone's hands has to be done again
    if(is_open and last_kind not in ('disposed', 'verified'), null, disposed_at_utc) as disposed_at_utc,
    if(is_open and last_kind <> 'verified', null, verified_at_utc) as verified_at_utc,
    case when is_open then null when is_cancelled then coalesce(cancelled_at_utc, closed_at_utc) else closed_at_utc end
        as ended_at_utc
from opened
