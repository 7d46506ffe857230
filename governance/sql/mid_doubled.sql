-- grain: one row per incident (source, identity) that more than one staged row speaks of
-- Counting 64-bit hashes first is three times as fast as counting texts; the few that collide are compared whole.
with staged as (
    select
        file.source,
        case file.policy when 'by_id' then row.incident_id when 'all_columns' then row.row_hash end as identity
    from read_parquet(getvariable('staged_files')) as row
    join mid_file as file using (file_key)
    where file.policy <> 'never'
),
suspects as (
    select hash(source, identity) as hashed from staged where identity is not null group by hashed having count(*) > 1
)
select source, identity
from staged
where hash(source, identity) in (select hashed from suspects) and identity is not null
group by source, identity
having count(*) > 1
