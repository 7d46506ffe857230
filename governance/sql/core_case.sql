-- grain: one row per incident reported before $as_of_utc, with its grid, its scene, its stage and its clock
with staged as (
    select
        * exclude (is_closed_some_time, reopened_at_utc),
        -- a source that never tells of a closing leaves it unknown whether a case is open
        tells_closing and not is_cancelled and not is_closed_some_time
            and coalesce(closed_at_utc < reopened_at_utc, closed_at_utc is null) as is_open,
        coalesce(disposed_at_utc, closed_at_utc) as finished_at_utc
    from src_told_case
)
select
    source, incident_id, reported_at_utc,
    ((reported_at_utc at time zone 'UTC') at time zone $zone)::date as reported_on,
    lon, lat, grid_no,
    case when grid_no is not null then 'matched' when lon is null then 'missing'
        when outside_km > $far_outside_km then 'far_outside' else 'outside' end as location_status,
    category, scenario, scene, department, severity, is_discovered, place_key,
    case
        when is_cancelled then 'cancelled'
        when evaluated_at_utc is not null and not is_open then 'evaluated'
        when not is_open and tells_closing then 'closed'
        when verified_at_utc is not null then 'verified'
        when disposed_at_utc is not null then 'disposed'
        when accepted_at_utc is not null then 'accepted'
        when dispatched_at_utc is not null then 'dispatched'
        else 'reported'
    end as stage,
    dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc,
    case when not is_open then closed_at_utc end as closed_at_utc,
    case when not is_open then ((closed_at_utc at time zone 'UTC') at time zone $zone)::date end as closed_on,
    due_at_utc, due_from,
    is_open,
    is_open and disposed_at_utc is null and coalesce(due_at_utc < $as_of_utc, false) as is_overdue,
    is_open and disposed_at_utc is null and coalesce(
        due_at_utc >= $as_of_utc and $as_of_utc >= reported_at_utc + (due_at_utc - reported_at_utc) * 0.8, false
    ) as is_near_due,
    is_open and disposed_at_utc is null and coalesce(
        $as_of_utc > reported_at_utc + (due_at_utc - reported_at_utc) * 3 and due_at_utc < $as_of_utc, false
    ) as is_seriously_overdue,
    coalesce(not is_open and finished_at_utc > due_at_utc, disposed_at_utc > due_at_utc, false) as is_disposed_late,
    case when is_overdue then epoch($as_of_utc - due_at_utc) / 3600 end as overdue_hours,
    case when is_open then epoch($as_of_utc - reported_at_utc) / 3600 end as age_hours,
    transfers, returns, reopenings, source_is_overdue
from staged
