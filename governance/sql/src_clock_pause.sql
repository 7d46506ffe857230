-- grain: one row per stretch in which the clock of a case stands still; to_utc is null while it lasts
select source, incident_id, from_utc, to_utc from src_pause where from_utc < $as_of_utc
