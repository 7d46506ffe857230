-- grain: one row per incident reported before $as_of_utc, with its grid, its scene, its stage, its holder and its clock
select
    source, incident_id, reported_at_utc,
    coalesce(
        reported_at_utc + reported_quarter.offset_from_utc, (reported_at_utc at time zone 'UTC') at time zone $zone
    )::date as reported_on,
    lon, lat, grid_no,
    case when grid_no is not null then 'matched' when lon is null then 'missing'
        when outside_km > $far_outside_km then 'far_outside' else 'outside' end as location_status,
    category, scenario, scene, department, severity, level, template_version, is_discovered, place_key,
    case
        when is_cancelled then 'cancelled'
        when evaluated_at_utc is not null and not is_open then 'evaluated'
        when not is_open and tells_closing then 'closed'
        -- an open case stands where its last event brought it
        when last_kind in ('accepted', 'reopened') then 'accepted'
        when last_kind in ('dispatched', 'transferred') then 'dispatched'
        when last_kind in ('registered', 'returned') then 'registered'
        when last_kind in ('disposed', 'verified') then last_kind
        else 'reported'
    end as stage,
    registered_at_utc, dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc,
    case when not is_open then closed_at_utc end as closed_at_utc,
    case when not is_open then coalesce(
        closed_at_utc + closed_quarter.offset_from_utc, (closed_at_utc at time zone 'UTC') at time zone $zone
    )::date end as closed_on,
    evaluated_at_utc, cancelled_at_utc,
    due_at_utc, due_from, accept_due_at_utc, verify_due_at_utc, close_due_at_utc,
    is_open, is_paused,
    is_undone and coalesce(due_at_utc < $as_of_utc, false) as is_overdue,
    is_undone and coalesce(due_at_utc >= $as_of_utc and used_share >= 0.8, false) as is_near_due,
    is_undone and coalesce(due_at_utc < $as_of_utc and used_share > 3, false) as is_seriously_overdue,
    coalesce(coalesce(disposed_at_utc, if(is_open, null, closed_at_utc)) > due_at_utc, false) as is_disposed_late,
    used_share,
    case when is_overdue then epoch($as_of_utc - due_at_utc) / 3600 end as overdue_hours,
    case when is_open then epoch($as_of_utc - reported_at_utc) / 3600 end as age_hours,
    case when is_open then coalesce(holder, if(has_log, null, department), '~none') end as holder,
    case when is_open then coalesce(holder_since_utc, reported_at_utc) end as holder_since_utc,
    desk_work_s, held_work_s, check_work_s, has_stints,
    coalesce(transfers, 0)::smallint as transfers,
    coalesce(returns, 0)::smallint as returns,
    coalesce(reopenings, 0)::smallint as reopenings,
    coalesce(extensions, 0)::smallint as extensions,
    coalesce(pauses, 0)::smallint as pauses, paused_hours,
    coalesce(hops, 0)::smallint as hops,
    coalesce(is_ping_pong, false) as is_ping_pong,
    coalesce(first_department, department) as first_department, coalesce(last_holder, department) as last_department,
    coalesce(illegal_moves, 0)::smallint as illegal_moves,
    source_is_overdue
from src_timed_case
left join map_local_quarter as reported_quarter
    on reported_quarter.quarter_utc = time_bucket(interval 15 minutes, reported_at_utc)
left join map_local_quarter as closed_quarter
    on closed_quarter.quarter_utc = time_bucket(interval 15 minutes, closed_at_utc)
