-- grain: one row per case and stretch in which its clock stands still; to_utc is null while it lasts
select source, incident_id, from_utc, to_utc, reason
from src_pause
semi join (select source, incident_id from core_case where pauses > 0) using (source, incident_id)
where from_utc < $as_of_utc
order by source, incident_id, from_utc
