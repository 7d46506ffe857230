-- grain: one row per incident that an event log speaks of, as of the snapshot's moment
select * from read_parquet(getvariable('trace_files')) anti join mid_unsettled using (source, incident_id)
union all by name
select * from stg_trace
