-- grain: one row per row of one input file, as it is kept on disk: values, reasons, and the original if bad
with judged as (
    select * from stg_judged
),
placed as (
    select
        *,
        len(list_intersect(reasons, getvariable('error_codes'))) > 0 as is_bad,
        len(list_intersect(reasons, getvariable('unplaced_codes'))) = 0 and lon is not null and lat is not null
            as is_placed
    from judged
)
select
    getvariable('file_key')::varchar as file_key,
    row_number::bigint as row_number,
    incident_id,
    case when getvariable('compares_rows') then md5(to_json(all_columns)::varchar) end as row_hash,
    -- 64 bits of what makes a row an incident: counting numbers finds doubled ones several times faster than texts
    md5_number_lower(if(getvariable('compares_rows'), row_hash, incident_id)) as identity_hash,
    reported_at_utc,
    -- a closing time under an open status is a warning and is not believed
    case when is_closed_status is distinct from false then closed_at_utc end as closed_at_utc,
    due_at_utc,
    updated_at_utc,
    case when is_placed then lon end as lon,
    case when is_placed then lat end as lat,
    category,
    department,
    severity,
    place_key,
    is_discovered,
    coalesce(is_closed_status, closed_at_utc is not null) as is_closed,
    is_cancelled,
    source_is_overdue,
    reasons,
    is_bad,
    case when is_bad then to_json(original)::varchar end as original
from placed
