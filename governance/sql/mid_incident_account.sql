-- grain: one row per input file of incidents; read = accepted + quarantined + duplicate
with files as (
    select source, file, file_key, sha256, is_first from src_files
),
staged as (
    select
        row.file_key,
        count(*) as read,
        count(*) filter (where coalesce(fate.fate, if(row.is_bad, 'quarantined', 'accepted')) = 'accepted') as accepted,
        count(*) filter (where coalesce(fate.fate, if(row.is_bad, 'quarantined', 'accepted')) = 'quarantined')
            as quarantined,
        count(*) filter (where fate.fate = 'duplicate') as duplicate,
        max(row.reported_at_utc) filter (where not row.is_bad) as last_reported_at_utc
    from read_parquet(getvariable('staged_files')) as row
    left join mid_fate as fate using (file_key, row_number)
    group by row.file_key
)
select
    files.source, files.file, files.sha256,
    coalesce(staged.read, 0) as read,
    -- the same bytes under a second name add nothing but duplicates
    if(files.is_first, coalesce(staged.accepted, 0), 0) as accepted,
    if(files.is_first, coalesce(staged.quarantined, 0), 0) as quarantined,
    if(files.is_first, coalesce(staged.duplicate, 0), coalesce(staged.read, 0)) as duplicate,
    staged.last_reported_at_utc
from files left join staged using (file_key)
