-- grain: one row per incident and event by which a department let go of it, as of the snapshot's moment
select * from read_parquet(getvariable('handover_files')) anti join mid_unsettled using (source, incident_id)
union all by name
select * from stg_handover
