-- grain: one row per incident that stands more than once
select source, incident_id, count(*) as cases from core_case group by source, incident_id having count(*) > 1
