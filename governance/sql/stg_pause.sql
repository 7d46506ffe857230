-- grain: one row per incident and stretch in which its clock stands still; to_utc is null while it lasts
with stopped as (
    select distinct case_no from stg_step where place = getvariable('paused_place')
),
switched as (
    select
        step.case_no, step.place, step.at_utc, step.reason_no, step.is_paused_before,
        lead(case when not listed.is_paused then step.at_utc end ignore nulls)
            over (partition by step.case_no order by step.step) as to_utc
    from stg_step as step
    semi join stopped using (case_no)
    join map_kind as listed using (place)
)
select numbered.source, numbered.incident_id, switched.at_utc as from_utc, switched.to_utc, explained.reason
from switched
join map_log_case as numbered using (case_no)
left join map_event_reason as explained using (reason_no)
where switched.place = getvariable('paused_place') and not switched.is_paused_before
