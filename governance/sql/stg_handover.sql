-- grain: one row per incident and event by which a department let go of it: passed on, or sent back to the desk
-- to_department: of a transfer the one that receives, of a return the one it was sent to next ('~desk': to none yet)
with handed as (
    select
        step.case_no, step.step, step.at_utc, listed.kind, step.reason_no,
        coalesce(step.unit_before, if(listed.kind = 'returned', step.department_no, null), 0) as from_no,
        if(listed.kind = 'transferred', step.unit_no, coalesce(step.unit_after, listed.holder_no)) as to_no
    from stg_step as step join map_kind as listed using (place)
    where listed.kind = 'returned' or (listed.kind = 'transferred' and step.unit_no is distinct from step.unit_before)
)
select
    numbered.source, numbered.incident_id, handed.step, handed.at_utc, handed.kind, sender.holder as from_department,
    receiver.holder as to_department, explained.reason
from handed
join map_log_case as numbered using (case_no)
join map_holder as sender on sender.holder_no = handed.from_no
join map_holder as receiver on receiver.holder_no = handed.to_no
left join map_event_reason as explained using (reason_no)
