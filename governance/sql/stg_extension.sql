-- grain: one row per incident and event that gives it more time, with the department that had it ('~desk': none yet)
with granted as (
    select step.*
    from stg_step as step join map_kind as listed using (place)
    where listed.kind = 'extended'
)
select
    numbered.source, numbered.incident_id, granted.step, granted.at_utc, holder.holder as department,
    explained.reason, granted.extended_until_utc
from granted
join map_log_case as numbered using (case_no)
join map_holder as holder
    on holder.holder_no = coalesce(granted.unit_before, granted.department_no, getvariable('desk_no'))
left join map_event_reason as explained using (reason_no)
