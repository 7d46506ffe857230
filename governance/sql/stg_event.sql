-- grain: one row per row of one event log file, as it is kept on disk: values, reasons, the original if bad
with judged as (
    select *, len(list_intersect(reasons, getvariable('error_codes'))) > 0 as is_bad from stg_judged_event
)
select
    getvariable('file_key')::varchar as file_key,
    getvariable('source')::varchar as source,
    row_number::bigint as row_number,
    incident_id,
    kind,
    department,
    at_utc,
    reason,
    extended_until_utc,
    reasons,
    is_bad,
    case when is_bad
        then to_json(struct_pack(
            incident_id := incident_id, kind := kind_text, department := department,
            event_at := coalesce(event_at::varchar, event_at_utc::varchar || 'Z', event_at_text),
            reason := reason,
            extended_until := coalesce(until_at::varchar, until_at_utc::varchar || 'Z', until_at_text)
        ))::varchar
    end as original
from judged
