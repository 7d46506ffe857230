-- grain: one row per stretch in which the clock of a case of mid_told_case stands still; to_utc is null while it lasts
select source, incident_id, from_utc, to_utc
from src_pause
semi join (select source, incident_id from mid_told_case where pauses > 0) using (source, incident_id)
where from_utc < $as_of_utc
