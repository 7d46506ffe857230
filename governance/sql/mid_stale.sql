-- grain: one row per incident whose case may differ from the one in the last snapshot
-- Open cases age; new files and newer moments bring reports and events. A closed case without either stays as it is.
select source, incident_id from core_case where is_open
union
select source, incident_id from src_incident
where reported_at_utc >= $previous_as_of_utc or list_contains($new_keys::varchar[], file_key)
union
select source, incident_id from src_reduced_events
where last_at_utc >= $previous_as_of_utc or list_contains($new_keys::varchar[], file_key)
