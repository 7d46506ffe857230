-- grain: one row per row of one event log file, as it is kept on disk: values, reasons, the original if bad
select
    getvariable('file_key')::varchar as file_key,
    getvariable('source')::varchar as source,
    row_number::bigint as row_number,
    incident_id,
    kind,
    department,
    at_utc,
    reasons,
    len(reasons) > 0 as is_bad,
    case when len(reasons) > 0
        then to_json(struct_pack(
            incident_id := incident_id, kind := kind_text, department := department,
            event_at := coalesce(event_at::varchar, event_at_utc::varchar || 'Z', event_at_text)
        ))::varchar
    end as original
from stg_judged_event
