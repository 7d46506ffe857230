-- grain: one row per event shown as a sample of those that break the procedure: the newest of each sort
select source, incident_id, at_utc, state, is_paused, kind, coalesce(department, '~none') as department
from core_illegal_move
qualify row_number() over (partition by state, is_paused, kind order by at_utc desc, source, incident_id) <= 20
order by at_utc desc, source, incident_id, kind
