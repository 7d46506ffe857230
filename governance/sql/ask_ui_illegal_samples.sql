-- grain: one row per event that breaks the procedure, of those kept as samples
select source, incident_id, at_utc, state, is_paused, kind, department
from out_illegal_sample
where $sort = '' or $sort = state || if(is_paused, '+', '-') || kind
order by at_utc desc, source, incident_id, kind
limit $rows
