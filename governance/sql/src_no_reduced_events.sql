-- grain: none; the empty form of src_reduced_events, for a city without event logs
select
    null::varchar as file_key, null::varchar as source, null::varchar as incident_id, 0::ubigint as identity_hash,
    0::bigint as events, null::timestamp as last_at_utc
where false
