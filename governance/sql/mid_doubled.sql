-- grain: one row per incident (source, identity) that more than one staged row speaks of
-- The hashes are counted first; the few that stand twice, by chance too, are then compared as texts.
with suspects as (
    select row.identity_hash
    from read_parquet(getvariable('staged_files')) as row
    join mid_file as file using (file_key)
    where file.policy <> 'never' and row.identity_hash is not null
    group by row.identity_hash
    having count(*) > 1
),
staged as (
    select
        file.source,
        case file.policy when 'by_id' then row.incident_id when 'all_columns' then row.row_hash end as identity
    from read_parquet(getvariable('staged_files')) as row
    join mid_file as file using (file_key)
    semi join suspects using (identity_hash)
    where file.policy <> 'never'
)
select source, identity
from staged
where identity is not null
group by source, identity
having count(*) > 1
