-- grain: one row per accepted incident, of whatever moment, in the newest good version that any file gives
with lost as (
    select file_key, row_number from mid_fate where fate <> 'accepted'
)
select
    file.source,
    -- a source without ids gets names that stay the same as long as its file does
    coalesce(row.incident_id, left(file_key, 12) || '-' || row_number) as incident_id,
    row.reported_at_utc, row.closed_at_utc, row.due_at_utc, row.template_due_at_utc, row.lon, row.lat, row.grid_no,
    row.category, row.scenario, row.scene, row.department, row.severity, row.place_key, row.is_discovered,
    row.is_closed, row.is_cancelled, row.source_is_overdue, file_key
from read_parquet(getvariable('placed_files')) as row
join mid_file as file using (file_key)
anti join lost using (file_key, row_number)
