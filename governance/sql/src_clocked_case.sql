-- grain: one row per incident whose case is made, with its final deadlines and the working time it has taken so far
with clocked as (
    select
        told.* exclude (due_at_utc, close_due_at_utc),
        -- where the clock was judged anew, what it does not know stays unknown
        if(clock.source is not null, clock.due_at_utc, coalesce(told.due_at_utc, told.template_due_at_utc))
            as due_at_utc,
        case when clock.is_extended then 'extension' when told.due_at_utc is not null then 'row'
            when told.template_due_at_utc is not null then 'template' end as due_from,
        if(clock.source is not null, clock.close_due_at_utc, told.close_due_at_utc) as close_due_at_utc,
        clock.verify_due_at_utc, clock.used_share, coalesce(clock.paused_hours, 0) as paused_hours,
        told.is_open and coalesce(clock.is_paused, false) as is_paused,
        told.is_open and told.disposed_at_utc is null as is_undone,
        if(told.is_open, getvariable('as_of_work_s'), told.closed_work_s) as end_work_s
    from mid_told_case as told
    left join map_clock as clock
        on clock.source = told.source and clock.incident_id = told.incident_id
),
timed as (
    select
        *,
        first_held_at_utc > reported_at_utc as has_wait,
        coalesce(first_held_at_utc < reported_at_utc, false) as is_held_early,
        -- before anyone had it, and since the last change of hands; an unknown time stays unknown
        if(first_work_s < reported_work_s, 0, first_work_s - reported_work_s) as before_work_s,
        end_work_s - if(holder_since_work_s < reported_work_s, reported_work_s, holder_since_work_s) as since_s,
        -- what the log tells of the time before the report is no part of the case's own time
        if(first_work_s < reported_work_s, reported_work_s - first_work_s, 0) as early_work_s,
        coalesce(desk_work_s, 0) as past_desk_work_s, coalesce(desk_work_s, 0) + coalesce(held_work_s, 0)
            as past_held_work_s
    from clocked
),
clipped as (
    -- a straight case goes from the desk to a department and from there to its check: the early time is taken off in
    -- this order, and a stretch that was over by the report is none
    select
        * exclude (desk_work_s, held_work_s, check_work_s, since_s),
        if(since_s < 0, 0, since_s) as since_work_s,
        case when not is_held_early or coalesce(dispatched_at_utc, ended_at_utc) > reported_at_utc
            then desk_work_s - least(early_work_s, desk_work_s) end as desk_work_s,
        case when not is_held_early or coalesce(disposed_at_utc, ended_at_utc) > reported_at_utc
            then held_work_s - greatest(least(early_work_s - past_desk_work_s, held_work_s), 0) end as held_work_s,
        case when not is_held_early or ended_at_utc > reported_at_utc
            then check_work_s - greatest(least(early_work_s - past_held_work_s, check_work_s), 0) end as check_work_s
    from timed
)
select
    * exclude (desk_work_s, held_work_s, check_work_s),
    -- null: it never lay there
    case when has_log and (desk_work_s is not null or has_wait or holder = '~desk')
        then coalesce(desk_work_s, 0) + if(has_wait, before_work_s, 0) + if(holder = '~desk', since_work_s, 0)
    end as desk_work_s,
    case when not has_log then end_work_s - reported_work_s
        when held_work_s is not null or holder not in ('~desk', '~check')
        then coalesce(held_work_s, 0) + if(holder not in ('~desk', '~check'), since_work_s, 0)
    end as held_work_s,
    case when has_log and (check_work_s is not null or holder = '~check')
        then coalesce(check_work_s, 0) + if(holder = '~check', since_work_s, 0)
    end as check_work_s
from clipped
