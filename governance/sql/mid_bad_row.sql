-- grain: one row per input row of incidents or events that no page counts, with its file and its original
with files as (
    select source, file, file_key from src_files where is_first
    union all
    select source, file, file_key from src_event_files where is_first
),
bad as (
    select file_key, row_number, reasons, original
    from read_parquet(getvariable('staged_files'))
    anti join (select file_key, row_number from mid_fate where fate = 'duplicate') using (file_key, row_number)
    where is_bad
    union all
    select file_key, row_number, reasons, original from src_event_rows where is_bad
)
select files.source, files.file, files.file_key, bad.row_number, bad.reasons, bad.original
from bad join files using (file_key)
