-- grain: one row per event that breaks the procedure, of a case
select moved.source, moved.incident_id, moved.at_utc, moved.kind, moved.state, moved.is_paused, moved.department
from src_illegal_move as moved
semi join core_case using (source, incident_id)
order by moved.source, moved.incident_id, moved.at_utc
