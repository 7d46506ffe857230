-- grain: one row per usable event of one staged event log file, as often as the file holds it
select source, incident_id, kind, department, at_utc, reason, extended_until_utc
from read_parquet(getvariable('event_file'))
where not is_bad
