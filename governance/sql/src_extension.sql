-- grain: one row per incident and event that gives it more time, as of the snapshot's moment
select * from read_parquet(getvariable('extension_files')) anti join mid_unsettled using (source, incident_id)
union all by name
select * from stg_extension
