-- grain: one row per row of one event log file, typed, in UTC, not yet judged
with given as (
    select
        row_number, clean(incident_id) as incident_id, clean(kind) as kind_text, clean(department) as department,
        clean(event_at_text) as event_at_text, event_at, event_at_utc
    from src_batches
)
select
    given.*,
    coalesce(named.kind, given.kind_text) as kind,
    coalesce(given.event_at_utc, to_utc(given.event_at), parse_utc(given.event_at_text)) as at_utc
from given left join src_event_kinds as named using (kind_text)
