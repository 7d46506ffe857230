-- grain: one row per case reported at or after the snapshot's moment
select source, incident_id, reported_at_utc
from core_case
where reported_at_utc >= (select as_of_utc from meta_manifest)
