-- grain: one row per incident whose case is made, with its final deadlines and the working time it has taken so far
with clocked as (
    select
        told.* exclude (due_at_utc, close_due_at_utc),
        coalesce(clock.due_at_utc, told.due_at_utc, told.template_due_at_utc) as due_at_utc,
        case when clock.is_extended then 'extension' when told.due_at_utc is not null then 'row'
            when told.template_due_at_utc is not null then 'template' end as due_from,
        coalesce(clock.close_due_at_utc, told.close_due_at_utc) as close_due_at_utc,
        clock.verify_due_at_utc, clock.used_share, coalesce(clock.paused_hours, 0) as paused_hours,
        told.is_open and coalesce(clock.is_paused, false) as is_paused,
        told.is_open and told.disposed_at_utc is null as is_undone,
        if(told.is_open, getvariable('as_of_work_s'), told.closed_work_s) as end_work_s
    from src_told_case as told
    left join map_clock as clock using (source, incident_id)
),
timed as (
    select
        *,
        -- before the first event of the log, and since the last one
        case when has_log then greatest(first_work_s - reported_work_s, 0) end as before_work_s,
        case when holder is not null then greatest(end_work_s - holder_since_work_s, 0) else 0 end as since_work_s
    from clocked
)
select
    * exclude (desk_work_s, held_work_s, check_work_s),
    case when has_log then coalesce(desk_work_s, 0) + before_work_s + if(holder = '~desk', since_work_s, 0)
        when end_work_s is not null then 0 end as desk_work_s,
    case when has_log
        then coalesce(held_work_s, 0) + if(holder not in ('~desk', '~check'), since_work_s, 0)
        else end_work_s - reported_work_s end as held_work_s,
    case when has_log then coalesce(check_work_s, 0) + if(holder = '~check', since_work_s, 0)
        when end_work_s is not null then 0 end as check_work_s
from timed
