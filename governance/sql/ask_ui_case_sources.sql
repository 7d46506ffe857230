-- grain: one row per case with this id: ids are unique within a source only
select source, incident_id, coalesce(scenario, '~unmapped') as scenario, stage, reported_at_utc
from core_case
where incident_id = $incident_id
order by source
