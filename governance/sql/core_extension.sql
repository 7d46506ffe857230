-- grain: one row per case and event that gives it more time, with the department that had it ('~desk': none yet)
select source, incident_id, at_utc, department, reason, extended_until_utc
from src_extension
semi join (select source, incident_id from core_case where extensions > 0) using (source, incident_id)
where at_utc < $as_of_utc
order by source, incident_id, at_utc
