-- grain: one row per event of src_events, each counted once, with what it means
-- holder: who has the case from this event on ('~desk' the dispatching room, '~check' whoever verifies, '~end' nobody,
-- '~last' whoever had it last; null: no change). unit: the department that the event puts in charge.
with event as (
    select source, incident_id, kind, department, at_utc, max(reason) as reason,
        max(extended_until_utc) as extended_until_utc
    from src_events
    group by source, incident_id, kind, department, at_utc
),
named as (
    select event.* exclude (department), coalesce(own.department, event.department) as department, listed.place, listed.state
    from event
    join map_kind as listed using (kind)
    left join map_event_department as own on own.text = event.department
)
select
    *,
    case when kind in ('dispatched', 'transferred') then coalesce(department, '~none')
        when kind in ('accepted', 'reopened') then department end as unit,
    case
        when kind in ('reported', 'registered', 'returned') then '~desk'
        when kind in ('dispatched', 'transferred') then coalesce(department, '~none')
        when kind in ('accepted', 'reopened') then coalesce(department, '~last')
        when kind in ('disposed', 'verified') then '~check'
        when kind in ('closed', 'evaluated', 'cancelled') then '~end'
    end as holder,
    -- a hand-over takes the clock along; whatever ends the work ends a pause too
    case when kind = 'paused' then true
        when kind not in ('extended', 'transferred', 'returned', 'dispatched', 'accepted') then false end as is_paused,
    case when kind in ('closed', 'evaluated', 'cancelled') then true when kind = 'reopened' then false end as is_ended
from named
