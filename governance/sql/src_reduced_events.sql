-- grain: one row per event log file and incident
select file_key, source, incident_id, identity_hash, events, last_at_utc
from read_parquet(getvariable('reduced_event_files'))
