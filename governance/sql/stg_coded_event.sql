-- grain: one row per event of src_events, each counted once, in numbers: they sort several times faster than texts
select
    numbered.case_no, event.at_utc, listed.place, named.department_no,
    max(explained.reason_no) as reason_no, max(event.extended_until_utc) as extended_until_utc
from src_events as event
join map_log_case as numbered using (source, incident_id)
join map_kind as listed using (kind)
left join map_event_department as named on named.text = event.department
left join map_event_reason as explained using (reason)
group by numbered.case_no, event.at_utc, listed.place, named.department_no
