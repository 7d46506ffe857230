-- grain: none; the empty form of src_event_rows, for a city without event logs
select
    null::varchar as file_key, null::varchar as source, null::bigint as row_number, null::varchar as incident_id,
    null::varchar as kind, null::varchar as department, null::timestamp as at_utc, null::varchar as reason,
    null::timestamp as extended_until_utc, null::varchar[] as reasons, null::boolean as is_bad,
    null::varchar as original
where false
