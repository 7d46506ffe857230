-- grain: one row per accepted incident reported before as_of
select * from src_incident where reported_at_utc < getvariable('as_of_utc')
