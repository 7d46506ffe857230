-- grain: one row per staged file, with what decides between two versions of one incident
with listed as (
    select distinct file_key, source, policy, latest_by, tells_closing from src_files
),
newest as (
    select file_key, max(reported_at_utc) as last_reported_at_utc
    from read_parquet(getvariable('staged_files'))
    where not is_bad
    group by file_key
)
select
    listed.file_key, listed.source, listed.policy, listed.latest_by, listed.tells_closing,
    newest.last_reported_at_utc
from listed left join newest using (file_key)
