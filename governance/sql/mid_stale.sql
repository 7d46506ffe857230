-- grain: one row per incident whose case may differ from the one in the last snapshot
-- Open cases age, and so do pauses without a known end; new files and newer moments bring reports, closings and events.
-- A closed case without any of these stays as it is.
select source, incident_id from core_case where is_open or pauses > 0 and closed_at_utc is null
union
select source, incident_id from src_incident
where reported_at_utc >= $previous_as_of_utc or closed_at_utc >= $previous_as_of_utc
    or list_contains($new_keys::varchar[], file_key)
union
select source, incident_id from src_reduced_events
where last_at_utc >= $previous_as_of_utc or list_contains($new_keys::varchar[], file_key)
