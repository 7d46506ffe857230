-- grain: one row per incident and stretch in which its clock stands still, as of the snapshot's moment
select * from read_parquet(getvariable('pause_files')) anti join mid_unsettled using (source, incident_id)
union all by name
select * from stg_pause
