-- grain: one row per open case, or case that wound its way, and stretch in which one holder had it
-- The stretches of a case tile the time from its report to its end, or to $as_of_utc, without that between closing and
-- reopening; what its log tells of the time before the report is cut off, and with it may go the first numbers. Cases
-- that went straight from one department to their end need no rows: core_case holds their times.
with chosen as (
    select
        source, incident_id, reported_at_utc, reported_work_s, department, first_held_at_utc, first_work_s,
        first_held_at_utc > reported_at_utc as has_wait, is_desk_first,
        if(is_open, $as_of_utc, coalesce(cancelled_at_utc, closed_at_utc)) as end_utc,
        if(is_open, getvariable('as_of_work_s'), closed_work_s) as end_work_s
    from mid_told_case
    where has_stints
),
told as (
    select
        stint.*, chosen.* exclude (source, incident_id), coalesce(stint.to_utc, chosen.end_utc) as until_utc,
        -- before anyone has it by the log a case lies at the desk, where it may stay
        stint.stint = 1 and is_desk_first and has_wait as is_after_wait
    from src_timed_stint as stint join chosen using (source, incident_id)
    where stint.from_utc >= chosen.reported_at_utc or coalesce(stint.to_utc, chosen.end_utc) > chosen.reported_at_utc
),
logged as (
    select
        source, incident_id, stint + if(has_wait and not is_desk_first, 1, 0) as stint, holder,
        if(is_after_wait, reported_at_utc, greatest(from_utc, reported_at_utc)) as from_utc, to_utc,
        if(is_after_wait, 'reported', began_by) as began_by, ended_by, reason, until_utc,
        coalesce(to_work_s, end_work_s)
            - if(is_after_wait or from_utc < reported_at_utc, reported_work_s, from_work_s) as work_s
    from told
    union all
    select
        source, incident_id, 1, '~desk', reported_at_utc, first_held_at_utc, 'reported', null, null, first_held_at_utc,
        first_work_s - reported_work_s
    from chosen where has_wait and not is_desk_first
    union all
    -- cases whose log names no holder
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
