-- grain: one row per open case, or case that changed hands, and stretch in which one holder had it
-- The stretches of a case tile the time from its report to its end, or to $as_of_utc, without that between closing and
-- reopening; what its log tells of the time before the report is cut off, and with it may go the first numbers. Cases
-- that one department held without a break need no rows: core_case holds their times.
with chosen as (
    select
        source, incident_id, reported_at_utc, reported_work_s, department, first_held_at_utc, first_work_s,
        if(is_open, $as_of_utc, coalesce(cancelled_at_utc, closed_at_utc)) as end_utc,
        if(is_open, getvariable('as_of_work_s'), closed_work_s) as end_work_s
    from mid_told_case
    where is_open or hops > 0 or returns > 0 or reopenings > 0
),
logged as (
    select
        chosen.source, chosen.incident_id,
        stint.stint + if(chosen.first_held_at_utc > chosen.reported_at_utc, 1, 0) as stint, stint.holder,
        greatest(stint.from_utc, chosen.reported_at_utc) as from_utc, stint.to_utc, stint.began_by, stint.ended_by,
        stint.reason, coalesce(stint.to_utc, chosen.end_utc) as until_utc,
        coalesce(stint.to_work_s, chosen.end_work_s)
            - if(stint.from_utc < chosen.reported_at_utc, chosen.reported_work_s, stint.from_work_s) as work_s
    from src_timed_stint as stint join chosen using (source, incident_id)
    where stint.from_utc >= chosen.reported_at_utc or coalesce(stint.to_utc, chosen.end_utc) > chosen.reported_at_utc
    union all
    -- what lies before anyone had it by the log, and cases whose log names no holder
    select
        source, incident_id, 1, '~desk', reported_at_utc, first_held_at_utc, 'reported', null, null, first_held_at_utc,
        first_work_s - reported_work_s
    from chosen where first_held_at_utc > reported_at_utc
    union all
    select
        source, incident_id, 1, coalesce(department, '~none'), reported_at_utc, null, 'reported', null, null, end_utc,
        end_work_s - reported_work_s
    from chosen where first_held_at_utc is null
)
select
    source, incident_id, stint::smallint as stint, holder, from_utc, to_utc, began_by, ended_by, reason,
    if(work_s < 0, 0, work_s)::bigint as work_s,
    if(until_utc < from_utc, 0, epoch(until_utc - from_utc))::bigint as clock_s
from logged
