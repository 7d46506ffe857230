-- grain: one row per incident that an event log speaks of and whose case is made again
select * from src_trace semi join mid_stale using (source, incident_id)
