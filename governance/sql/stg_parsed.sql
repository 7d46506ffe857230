-- grain: one row per row of one input file, typed, in UTC, not yet judged
with given as (
    select
        row_number, lon, lat, severity, is_default_point, lon_text, lat_text, severity_text, original, all_columns,
        reported_at, closed_at, due_at, updated_at, due_at_is_date,
        reported_at_utc, closed_at_utc, due_at_utc, updated_at_utc,
        clean(incident_id) as incident_id, clean(category) as category, clean(department) as department,
        clean(status) as status, clean(discovered) as discovered, clean(place_key) as place_key,
        clean(overdue_flag) as overdue_flag, clean(reported_at_text) as reported_at_text,
        clean(closed_at_text) as closed_at_text, clean(due_at_text) as due_at_text,
        clean(updated_at_text) as updated_at_text
    from src_batches
)
select
    * exclude (reported_at, closed_at, due_at, updated_at, due_at_is_date) replace (
        coalesce(reported_at_utc, to_utc(reported_at), parse_utc(reported_at_text)) as reported_at_utc,
        coalesce(closed_at_utc, to_utc(closed_at), parse_utc(closed_at_text)) as closed_at_utc,
        coalesce(updated_at_utc, to_utc(updated_at), parse_utc(updated_at_text)) as updated_at_utc,
        -- a due date without a time of day is due when that day ends
        case
            when due_at_is_date then to_utc(due_at + interval 1 day)
            when is_date(due_at_text) then to_utc(parse_local(due_at_text) + interval 1 day)
            else coalesce(due_at_utc, to_utc(due_at), parse_utc(due_at_text))
        end as due_at_utc
    ),
    -- null where the source has no such texts: then the times alone decide
    case when len(getvariable('closed_values')) > 0
        then coalesce(list_contains(getvariable('closed_values'), status), false) end as is_closed_status,
    coalesce(list_contains(getvariable('cancelled_values'), status), false) as is_cancelled,
    coalesce(list_contains(getvariable('discovered_values'), discovered), false) as is_discovered,
    case when len(getvariable('overdue_values')) > 0 and overdue_flag is not null
        then list_contains(getvariable('overdue_values'), overdue_flag) end as source_is_overdue
from given
