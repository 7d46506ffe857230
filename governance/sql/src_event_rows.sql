-- grain: one row per row of every event log file
select
    file_key, source, row_number, incident_id, kind, department, at_utc, reason, extended_until_utc, reasons, is_bad,
    original
from read_parquet(getvariable('event_files'))
