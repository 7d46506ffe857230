-- grain: one row per accepted incident, of whatever moment, in the newest good version that any file gives
with lost as (
    select file_key, row_number from mid_fate where fate <> 'accepted'
),
staged as (
    select
        row.file_key, row.row_number, file.source, row.incident_id, row.reported_at_utc, row.closed_at_utc,
        row.due_at_utc, row.lon, row.lat, row.category, row.department, row.severity, row.place_key,
        row.is_discovered, row.is_closed, row.is_cancelled, row.source_is_overdue
    from read_parquet(getvariable('staged_files')) as row
    join mid_file as file using (file_key)
    where not row.is_bad
)
select
    source,
    -- a source without ids gets names that stay the same as long as its file does
    coalesce(incident_id, left(file_key, 12) || '-' || row_number) as incident_id,
    reported_at_utc, closed_at_utc, due_at_utc, lon, lat, category, department, severity, place_key,
    is_discovered, is_closed, is_cancelled, source_is_overdue
from staged
anti join lost using (file_key, row_number)
