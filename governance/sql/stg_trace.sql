-- grain: one row per incident that the events of src_events speak of
with hop as (
    select
        source, incident_id, count(*) as hops, bool_or(is_back) as is_ping_pong
    from (
        select
            source, incident_id,
            coalesce(unit = lag(unit_before) over (partition by source, incident_id order by step), false) as is_back
        from stg_step where is_hop
    )
    group by source, incident_id
),
illegal as (
    select source, incident_id, count(*) as illegal_moves from stg_illegal_move group by source, incident_id
),
held as (
    select
        source, incident_id,
        (sum(to_work_s - from_work_s) filter (where holder = '~desk'))::bigint as desk_work_s,
        (sum(to_work_s - from_work_s) filter (where holder = '~check'))::bigint as check_work_s,
        (sum(to_work_s - from_work_s) filter (where holder not in ('~desk', '~check')))::bigint as held_work_s,
        min(from_work_s) as first_work_s,
        any_value(holder) filter (where to_utc is null) as holder,
        any_value(from_utc) filter (where to_utc is null) as holder_since_utc,
        any_value(from_work_s) filter (where to_utc is null) as holder_since_work_s
    from stg_timed_stint
    group by source, incident_id
),
told as (
    select
        source, incident_id,
        min(at_utc) as first_at_utc,
        min(at_utc) filter (where kind = 'registered') as registered_at_utc,
        min(at_utc) filter (where kind = 'dispatched') as dispatched_at_utc,
        min(at_utc) filter (where kind = 'accepted') as accepted_at_utc,
        max(at_utc) filter (where kind = 'disposed') as disposed_at_utc,
        max(at_utc) filter (where kind = 'verified') as verified_at_utc,
        -- an evaluation closes a case that its log never closed
        max(at_utc) filter (where kind in ('closed', 'evaluated') and not is_ended_before) as closed_at_utc,
        max(at_utc) filter (where kind = 'evaluated') as evaluated_at_utc,
        max(at_utc) filter (where kind = 'reopened') as reopened_at_utc,
        max(at_utc) filter (where kind = 'cancelled' and not is_ended_before) as cancelled_at_utc,
        max(extended_until_utc) filter (where kind = 'extended') as extended_until_utc,
        count(*) filter (where kind = 'transferred') as transfers,
        count(*) filter (where kind = 'returned') as returns,
        count(*) filter (where kind = 'reopened') as reopenings,
        count(*) filter (where kind = 'extended') as extensions,
        count(*) filter (where kind = 'paused' and not is_paused_before) as pauses,
        arg_min(unit, step) filter (where unit is not null) as first_department,
        arg_max(unit, step) filter (where unit is not null) as last_department
    from stg_step
    group by source, incident_id
)
select
    told.*, coalesce(hop.hops, 0) as hops, coalesce(hop.is_ping_pong, false) as is_ping_pong,
    coalesce(illegal.illegal_moves, 0) as illegal_moves, held.* exclude (source, incident_id)
from told
left join hop using (source, incident_id)
left join illegal using (source, incident_id)
left join held using (source, incident_id)
