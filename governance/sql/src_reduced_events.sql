-- grain: one row per event log file and incident
select
    file_key, source, incident_id, identity_hash, events, last_at_utc, dispatched_at_utc, accepted_at_utc, disposed_at_utc,
    verified_at_utc, closed_at_utc, evaluated_at_utc, reopened_at_utc, transfers, returns, reopenings, holder
from read_parquet(getvariable('reduced_event_files'))
