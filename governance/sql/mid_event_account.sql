-- grain: one row per input file of an event log; a duplicate is the same event told twice in one file
with files as (
    select source, file, file_key, sha256, is_first from src_event_files
),
staged as (
    select file_key, count(*) as read, count(*) filter (where is_bad) as quarantined, max(at_utc) as last_at_utc
    from src_event_rows group by file_key
),
distinct_events as (
    select file_key, sum(events) as accepted from src_reduced_events group by file_key
)
select
    files.source, files.file, files.sha256,
    coalesce(staged.read, 0) as read,
    if(files.is_first, coalesce(accepted, 0), 0)::bigint as accepted,
    if(files.is_first, coalesce(quarantined, 0), 0)::bigint as quarantined,
    (coalesce(staged.read, 0) - if(files.is_first, coalesce(accepted, 0) + coalesce(quarantined, 0), 0))::bigint
        as duplicate,
    last_at_utc as last_reported_at_utc
from files
left join staged using (file_key)
left join distinct_events using (file_key)
