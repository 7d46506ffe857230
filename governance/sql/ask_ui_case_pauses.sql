-- grain: one row per stretch in which a case's clock stands still; to the snapshot's moment while it lasts
select from_utc, coalesce(to_utc, as_of_utc) as to_utc, to_utc is null as is_running, reason
from core_pause cross join (select as_of_utc from meta_manifest)
where source = $source and incident_id = $incident_id
order by from_utc
