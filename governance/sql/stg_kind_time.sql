-- grain: one row per incident that the events in src_events speak of: when each kind of a plain life came, and how many
-- kinds: one bit for every kind there is, by its place; a life is plain only if each came once (events = kinds)
select
    event.source, event.incident_id,
    count(*) as events,
    bit_or(1::integer << listed.place::integer) as kinds,
    min(event.at_utc) filter (where event.kind = 'reported') as reported_at_utc,
    min(event.at_utc) filter (where event.kind = 'registered') as registered_at_utc,
    min(event.at_utc) filter (where event.kind = 'dispatched') as dispatched_at_utc,
    min(event.at_utc) filter (where event.kind = 'accepted') as accepted_at_utc,
    min(event.at_utc) filter (where event.kind = 'disposed') as disposed_at_utc,
    min(event.at_utc) filter (where event.kind = 'verified') as verified_at_utc,
    min(event.at_utc) filter (where event.kind = 'closed') as closed_at_utc,
    min(event.at_utc) filter (where event.kind = 'evaluated') as evaluated_at_utc,
    coalesce(any_value(named.department_no) filter (where event.kind = 'dispatched'), 0) as dispatched_no,
    any_value(named.department_no) filter (where event.kind = 'accepted') as accepted_no
from src_events as event
join map_kind as listed using (kind)
left join map_event_department as named on named.text = event.department
group by event.source, event.incident_id
