-- grain: one row per incident that the events in src_events speak of: how many of them, each counted once, and the last
with events as (
    select distinct source, incident_id, kind, department, at_utc from src_events
)
select
    getvariable('file_key')::varchar as file_key,
    source,
    incident_id,
    md5_number_lower(incident_id) as identity_hash,
    count(*) as events,
    max(at_utc) as last_at_utc
from events
group by source, incident_id
