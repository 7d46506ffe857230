-- grain: one row per accepted incident reported before as_of whose case may have changed since the last snapshot
select * from src_incident semi join mid_stale using (source, incident_id)
where reported_at_utc < getvariable('as_of_utc')
