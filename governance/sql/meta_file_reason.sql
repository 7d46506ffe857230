-- grain: one row per input file and rule broken, over its rows that are not duplicates
with duplicate as (
    select file_key, row_number from mid_fate where fate = 'duplicate'
),
remarked as (
    select files.source, files.file, unnest(staged.reasons) as code
    from read_parquet(getvariable('staged_files')) as staged
    join src_files as files on files.file_key = staged.file_key and files.is_first
    anti join duplicate on duplicate.file_key = staged.file_key and duplicate.row_number = staged.row_number
    where len(staged.reasons) > 0
    union all
    select event.source, files.file, unnest(event.reasons) as code
    from src_event_rows as event
    join src_event_files as files on files.file_key = event.file_key and files.is_first
    where len(event.reasons) > 0
)
select source, file, code, rule.severity, count(*) as rows
from remarked join meta_rule as rule using (code)
group by source, file, code, rule.severity
order by source, file, code
