-- grain: one row per case at the same place after whose closing this one came (earlier), or that came after it (later)
select
    'later' as direction, recurred_source as source, recurred_incident_id as incident_id, days_to_recurrence as days,
    matched_by, within_days
from core_recurrence
where source = $source and incident_id = $incident_id and recurred_incident_id is not null
    -- the moment too, so that the blocks of other times are passed over; without one nothing can have followed
    and closed_at_utc = $closed_at_utc
union all
select 'earlier', source, incident_id, days_to_recurrence, matched_by, within_days
from core_recurrence
where recurred_source = $source and recurred_incident_id = $incident_id
order by direction, days, source, incident_id
