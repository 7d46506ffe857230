-- grain: none; the empty form of src_reduced_events, for a city without event logs
select
    null::varchar as file_key, null::varchar as source, null::varchar as incident_id, 0::ubigint as identity_hash,
    0::bigint as events,
    null::timestamp as last_at_utc, null::timestamp as dispatched_at_utc, null::timestamp as accepted_at_utc,
    null::timestamp as disposed_at_utc, null::timestamp as verified_at_utc, null::timestamp as closed_at_utc,
    null::timestamp as evaluated_at_utc, null::timestamp as reopened_at_utc, 0::bigint as transfers,
    0::bigint as returns, 0::bigint as reopenings, null::varchar as holder
where false
