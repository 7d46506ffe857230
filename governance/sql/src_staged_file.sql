-- grain: one row per usable row of one staged file, in the file's order
select
    file_key, row_number, incident_id, reported_at_utc, closed_at_utc, due_at_utc, lon, lat, category, department,
    severity, place_key, is_discovered, is_closed, is_cancelled, source_is_overdue
from read_parquet(getvariable('staged_file'))
where not is_bad
order by row_number
