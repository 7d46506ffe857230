-- grain: one row per open case, or case that changed hands, and stretch in which one holder had it
-- The stretches of a case tile the time from its report to its end, or to $as_of_utc, without that between closing and
-- reopening; what its log tells of the time before the report is cut off. Cases that one department held without a break need no rows: core_case holds their times.
with winding as (
    select source, incident_id, department, is_open, closed_at_utc
    from core_case
    where is_open or hops > 0 or returns > 0 or reopenings > 0
),
chosen as (
    select
        incident.source, incident.incident_id, incident.reported_at_utc, incident.reported_work_s, winding.department,
        trace.first_held_at_utc, trace.first_work_s,
        if(winding.is_open, $as_of_utc, coalesce(trace.cancelled_at_utc, winding.closed_at_utc)) as end_utc,
        if(winding.is_open, getvariable('as_of_work_s'), incident.closed_work_s) as end_work_s
    from src_case_incident as incident
    join winding using (source, incident_id)
    left join src_case_trace as trace using (source, incident_id)
),
logged as (
    select
        chosen.source, chosen.incident_id, stint.holder, greatest(stint.from_utc, chosen.reported_at_utc) as from_utc,
        stint.to_utc, stint.began_by, stint.ended_by, stint.reason,
        coalesce(stint.to_utc, chosen.end_utc) as until_utc,
        coalesce(stint.to_work_s, chosen.end_work_s)
            - if(stint.from_utc < chosen.reported_at_utc, chosen.reported_work_s, stint.from_work_s) as work_s
    from src_timed_stint as stint join chosen using (source, incident_id)
    where stint.from_utc >= chosen.reported_at_utc or coalesce(stint.to_utc, chosen.end_utc) > chosen.reported_at_utc
    union all
    -- what lies before anyone had it by the log, and cases whose log names no holder
    select source, incident_id, '~desk', reported_at_utc, first_held_at_utc, 'reported', null, null, first_held_at_utc,
        first_work_s - reported_work_s
    from chosen where first_held_at_utc > reported_at_utc
    union all
    select source, incident_id, coalesce(department, '~none'), reported_at_utc, null, 'reported', null, null, end_utc,
        end_work_s - reported_work_s
    from chosen where first_held_at_utc is null
)
select
    source, incident_id,
    (row_number() over (partition by source, incident_id order by from_utc, until_utc))::smallint as stint,
    holder, from_utc, to_utc, began_by, ended_by, reason, if(work_s < 0, 0, work_s)::bigint as work_s,
    if(until_utc < from_utc, 0, epoch(until_utc - from_utc))::bigint as clock_s
from logged
