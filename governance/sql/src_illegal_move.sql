-- grain: one row per event that breaks the procedure, as of the snapshot's moment
select * from read_parquet(getvariable('illegal_move_files')) anti join mid_unsettled using (source, incident_id)
union all by name
select * from stg_illegal_move
