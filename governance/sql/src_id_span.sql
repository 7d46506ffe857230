-- grain: one row per placed file: its first incident id, how many rows, and whether every row has an id of its own
select
    min(row.incident_id) as first_id, count(*) as incidents,
    bool_and(file.policy = 'by_id' and row.incident_id is not null) as has_ids
from read_parquet(getvariable('placed_files')) as row
join mid_file as file using (file_key)
group by file_key
order by first_id
