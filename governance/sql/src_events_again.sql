-- grain: one row per event of an unsettled incident before as_of, as often as the files hold it
select source, incident_id, kind, department, at_utc, reason, extended_until_utc
from src_event_rows
semi join mid_unsettled using (source, incident_id)
where not is_bad and at_utc < getvariable('as_of_utc')
