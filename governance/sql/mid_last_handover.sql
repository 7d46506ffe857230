-- grain: one row per incident that was ever handed over: by whom, to whom and why it was last
with ordered as (
    select *, struct_pack(at_utc := at_utc, step := step) as moment from src_handover
)
select
    source, incident_id,
    arg_max(from_department, moment) as from_department,
    arg_max(to_department, moment) as to_department,
    arg_max(kind, moment) as kind,
    arg_max(coalesce(reason, ''), moment) as reason,
    max(at_utc) as at_utc
from ordered
group by source, incident_id
