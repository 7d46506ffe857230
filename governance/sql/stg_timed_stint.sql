-- grain: one row per incident and stretch in which one holder had it, with the working time passed at both ends
-- Only of cases that are still held, or that wound: the others are told by the sums in stg_trace.
with kept as (
    select case_no from stg_told_stint where holder_no is not null
    union
    select case_no from stg_winding
)
select
    numbered.source, numbered.incident_id, stint.stint, held.holder, stint.from_utc, stint.to_utc,
    began.kind as began_by, ended.kind as ended_by, explained.reason, stint.from_work_s, stint.to_work_s
from stg_worked_stint as stint
semi join kept using (case_no)
join map_log_case as numbered using (case_no)
join map_holder as held using (holder_no)
join map_kind as began on began.place = stint.began_place
left join map_kind as ended on ended.place = stint.ended_place
left join map_event_reason as explained using (reason_no)
