-- grain: one row per incident whose case is made, with the working time it has taken so far
with timed as (
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
    from src_clocked_case
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
    clipped.* exclude (desk_work_s, held_work_s, check_work_s),
    -- null: it never lay there
    case when early.source is not null then early.desk_work_s
        when has_log and (clipped.desk_work_s is not null or has_wait or holder = '~desk')
        then coalesce(clipped.desk_work_s, 0) + if(has_wait, before_work_s, 0) + if(holder = '~desk', since_work_s, 0)
    end as desk_work_s,
    case when early.source is not null then early.held_work_s
        when not has_log then end_work_s - reported_work_s
        when clipped.held_work_s is not null or holder not in ('~desk', '~check')
        then coalesce(clipped.held_work_s, 0) + if(holder not in ('~desk', '~check'), since_work_s, 0)
    end as held_work_s,
    case when early.source is not null then early.check_work_s
        when has_log and (clipped.check_work_s is not null or holder = '~check')
        then coalesce(clipped.check_work_s, 0) + if(holder = '~check', since_work_s, 0)
    end as check_work_s
from clipped
left join mid_early_case as early on early.source = clipped.source and early.incident_id = clipped.incident_id
