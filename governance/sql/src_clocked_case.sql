-- grain: one row per incident whose case is made, with its final deadlines
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
