-- grain: one row per accepted incident, of whatever moment, in the newest good version that any file gives
with lost as (
    select file_key, row_number from mid_fate where fate <> 'accepted'
)
select
    file.source,
    -- where ids do not tell incidents apart, file and row do, for as long as the file stays the same
    case when file.policy = 'by_id' then row.incident_id
        else concat_ws('#', row.incident_id, left(file_key, 12) || '-' || row_number) end as incident_id,
    row.reported_at_utc, row.closed_at_utc, row.due_at_utc, row.accept_due_at_utc,
    row.template_due_at_utc, row.close_due_at_utc, row.reported_work_s, row.closed_work_s, row.level,
    row.template_version, row.lon, row.lat, row.grid_no, row.outside_km,
    row.category, row.scenario, row.scene, row.department, row.severity, row.place_key, row.is_discovered,
    row.is_closed, row.is_cancelled, row.source_is_overdue, file.tells_closing, file_key
from read_parquet(getvariable('placed_files')) as row
join mid_file as file using (file_key)
anti join lost using (file_key, row_number)
-- one range of ids at a time, where the build asks for it
where (getvariable('first_id') is null or row.incident_id >= getvariable('first_id')::varchar)
    and (getvariable('end_id') is null or row.incident_id < getvariable('end_id')::varchar)
