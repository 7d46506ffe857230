-- grain: one row per incident and stretch in which one holder had it, as of the snapshot's moment
select * from read_parquet(getvariable('timed_stint_files')) anti join mid_unsettled using (source, incident_id)
union all by name
select * from stg_timed_stint
