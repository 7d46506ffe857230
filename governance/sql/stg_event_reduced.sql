-- grain: one row per incident that the events in src_events speak of, each event counted once
with events as (
    select distinct source, incident_id, kind, department, at_utc from src_events
)
select
    getvariable('file_key')::varchar as file_key,
    source,
    incident_id,
    md5_number_lower(incident_id) as identity_hash,
    count(*) as events,
    max(at_utc) as last_at_utc,
    min(at_utc) filter (where kind = 'dispatched') as dispatched_at_utc,
    min(at_utc) filter (where kind = 'accepted') as accepted_at_utc,
    max(at_utc) filter (where kind = 'disposed') as disposed_at_utc,
    max(at_utc) filter (where kind = 'verified') as verified_at_utc,
    max(at_utc) filter (where kind = 'closed') as closed_at_utc,
    max(at_utc) filter (where kind = 'evaluated') as evaluated_at_utc,
    max(at_utc) filter (where kind = 'reopened') as reopened_at_utc,
    count(*) filter (where kind = 'transferred') as transfers,
    count(*) filter (where kind = 'returned') as returns,
    count(*) filter (where kind = 'reopened') as reopenings,
    -- two hand-overs at one moment: the greater name, so that the order of rows never decides
    arg_max(department, struct_pack(at_utc := at_utc, department := department))
        filter (where kind in ('dispatched', 'accepted', 'transferred')) as holder
from events
group by source, incident_id
