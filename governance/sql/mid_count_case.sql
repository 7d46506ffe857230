-- grain: one row per case that was not cancelled: the number it is counted by, its local days, and what it counts for
-- due means: its limit lies before the snapshot's moment; what was disposed or closed late stays late
with told as (
    select
        *,
        stage in ('closed', 'evaluated') as is_closed,
        disposed_at_utc is not null or stage in ('closed', 'evaluated') as is_disposed,
        coalesce(disposed_at_utc, closed_at_utc) as finished_at_utc,
        -- a clock that was stopped before its limit has not run out, whatever the limit says
        is_open and is_paused and not is_overdue as is_stopped
    from mid_placed_case
),
judged as (
    select
        *,
        coalesce(due_at_utc < $as_of_utc, false) and (is_disposed or is_overdue) as is_due_to_dispose,
        -- a case of a source that never tells of a closing is neither open nor closed, and due for nothing
        close_due_at_utc is not null and (is_closed or is_open) as is_close_limited,
        coalesce(close_due_at_utc < $as_of_utc, false) and (is_closed or is_open and not is_stopped) as is_due_to_close,
        coalesce(is_closed and closed_at_utc <= close_due_at_utc, false) as is_closed_in_limit,
        verified_at_utc is not null and is_disposed as is_fixed
    from told
)
select
    count_key, coarse_key, reported_on,
    coalesce(
        due_at_utc + due_quarter.offset_from_utc, (due_at_utc at time zone 'UTC') at time zone $zone
    )::date as due_on,
    coalesce(
        close_due_at_utc + close_quarter.offset_from_utc, (close_due_at_utc at time zone 'UTC') at time zone $zone
    )::date as close_due_on,
    is_open, returns > 0 as is_returned, hops >= 2 as is_bounced, is_ping_pong, reopenings > 0 as is_reworked,
    illegal_moves > 0 as is_illegal, is_fixed,
    is_due_to_dispose,
    is_due_to_dispose and is_disposed as is_disposed_due,
    coalesce(is_due_to_dispose and finished_at_utc <= due_at_utc, false) as is_disposed_on_time,
    is_due_to_dispose and is_overdue as is_overdue_open,
    is_due_to_dispose and is_overdue and is_seriously_overdue as is_seriously_overdue,
    is_due_to_dispose and extensions > 0 as is_extended_due,
    is_close_limited, is_close_limited and is_open and not is_due_to_close as is_open_in_time, is_closed_in_limit,
    is_due_to_close,
    is_due_to_close and is_closed as is_closed_due,
    is_due_to_close and is_closed_in_limit as is_closed_on_time,
    is_due_to_close and reopenings > 0 as is_reworked_due,
    is_due_to_close and is_fixed as is_fixed_due
from judged
join mid_count_key using (level_1_id, level_2_id, scenario, scene, department)
left join mid_local_quarter as due_quarter on due_quarter.quarter_utc = time_bucket(interval 15 minutes, due_at_utc)
left join mid_local_quarter as close_quarter
    on close_quarter.quarter_utc = time_bucket(interval 15 minutes, close_due_at_utc)
