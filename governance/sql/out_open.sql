-- grain: one row per open case with its place, its holder, its clock, how it came to its holder and whom to call now
-- worklists: the lists of a department's morning on which it stands; overdue_age: how long overdue, of meta_overdue_age
select
    open.*,
    age.overdue_age,
    list_filter(
        [
            if(open.is_due_today, 'due_today', null),
            if(open.is_near_due, 'near_due', null),
            if(open.is_overdue, 'overdue', null),
            if(open.is_seriously_overdue, 'seriously_overdue', null),
            if(open.came_from <> open.holder and open.holder <> '~desk', 'came_from_others', null),
            if(open.stage = 'dispatched', 'not_accepted', null),
            if(open.is_late_to_accept, 'late_to_accept', null),
            if(open.state = 'paused', 'paused', null),
            if(open.state = 'awaiting_check', 'awaiting_check', null),
            if(open.is_late_to_verify, 'late_to_verify', null)
        ],
        lambda listed: listed is not null
    ) as worklists,
    call.rung_share, call.call_level, call.call_post_zh, call.call_post_en, call.call_department
from mid_open as open
left join meta_overdue_age as age
    on open.is_overdue and open.overdue_hours >= 24 * age.from_days
        and coalesce(open.overdue_hours < 24 * age.to_days, true)
left join mid_call as call on call.source = open.source and call.incident_id = open.incident_id
order by open.overdue_hours desc nulls last, open.used_share desc nulls last, open.source, open.incident_id
