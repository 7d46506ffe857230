-- grain: one row per row of one event log file, typed, in UTC, not yet judged
with given as (
    select
        row_number, clean(incident_id) as incident_id, clean(kind) as kind_text, clean(department) as department,
        clean(reason) as reason, clean(event_at_text) as event_at_text, event_at, event_at_utc,
        clean(until_at_text) as until_at_text, until_at, until_at_utc, until_at_is_date
    from src_batches
),
named as (
    select given.*, coalesce(src_event_kinds.kind, given.kind_text) as kind
    from given left join src_event_kinds using (kind_text)
)
select
    *,
    coalesce(event_at_utc, to_utc(event_at), parse_utc(event_at_text)) as at_utc,
    -- what other kinds have in this column says nothing; a date without a time of day ends with that day
    case
        when kind is distinct from 'extended' then null
        when until_at_is_date then to_utc(until_at + interval 1 day)
        when is_date(until_at_text) then to_utc(parse_local(until_at_text) + interval 1 day)
        else coalesce(until_at_utc, to_utc(until_at), parse_utc(until_at_text))
    end as extended_until_utc
from named
