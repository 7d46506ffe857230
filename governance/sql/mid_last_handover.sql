-- grain: one row per incident that was ever handed over: by whom, to whom and why it was last
select
    source, incident_id,
    arg_max(from_department, at_utc) as from_department,
    arg_max(to_department, at_utc) as to_department,
    arg_max(kind, at_utc) as kind,
    arg_max(coalesce(reason, ''), at_utc) as reason,
    max(at_utc) as at_utc
from src_handover
group by source, incident_id
