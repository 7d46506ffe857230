-- grain: one row per event of a case in its order: what happened, with whom the case lay, to whom it went, and why
-- Told by the case's moments, its stretches of holding, its pauses, its extensions, and what broke the procedure; of
-- events that come again, the first registration and acceptance and the last check and evaluation are kept.
-- state: where the case stood, if the procedure forbids the event there. $kinds: all kinds in the order of one moment.
with told as materialized (
    select reported_at_utc, registered_at_utc, dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc,
        closed_at_utc, evaluated_at_utc, cancelled_at_utc, stage, first_department
    from core_case  -- the moment too, so that the blocks of other times are passed over
    where source = $source and incident_id = $incident_id and reported_at_utc = $reported_at_utc
),
stints as materialized (
    select *, lag(to_utc) over in_time = from_utc as follows, coalesce(lead(from_utc) over in_time = to_utc, false)
        as goes_on, lag(holder) over in_time as holder_before, lag(reason) over in_time as reason_before
    from core_stint where source = $source and incident_id = $incident_id
    window in_time as (order by stint)
),
moments as (
    unpivot (
        select reported_at_utc as reported, registered_at_utc as registered, dispatched_at_utc as dispatched,
            accepted_at_utc as accepted, disposed_at_utc as disposed, verified_at_utc as verified,
            if(stage = 'cancelled', null, closed_at_utc) as closed, evaluated_at_utc as evaluated,
            cancelled_at_utc as cancelled
        from told
    ) on columns(*) into name kind value at_utc
),
happened as (
    select kind, at_utc, null as sender, null as receiver, null as reason, null::timestamp as until_utc, null as state
    from moments
    union all
    -- without stretches of their own: from the desk to one department and on to its check
    select kind, at_utc, if(kind = 'dispatched', '~desk', first_department),
        case kind when 'dispatched' then first_department when 'disposed' then '~check' end, null, null, null
    from moments cross join told where not exists (from stints) and kind in ('dispatched', 'accepted', 'disposed')
    union all
    -- a holder before the report was cut off at the report: its own moment stands among the others
    select began_by, from_utc, if(follows, holder_before, null), holder, if(follows, reason_before, null), null, null
    from stints cross join told
    where began_by = 'reported' or from_utc > reported_at_utc
        or from_utc = case began_by when 'dispatched' then dispatched_at_utc when 'accepted' then accepted_at_utc end
    union all
    select ended_by, to_utc, holder, null, reason, null, null from stints where ended_by is not null and not goes_on
    union all
    select 'accepted', accepted_at_utc, max_by(holder, stint), null, null, null, null from stints cross join told
    where accepted_at_utc between from_utc and coalesce(to_utc, accepted_at_utc) group by accepted_at_utc
    union all
    select unnest(['paused', 'resumed']), unnest([from_utc, to_utc]), null, null, unnest([reason, null]), null, null
    from core_pause where source = $source and incident_id = $incident_id
    union all
    select 'extended', at_utc, department, null, reason, extended_until_utc, null
    from core_extension where source = $source and incident_id = $incident_id
    union all
    select kind, at_utc, department, null, null, null, if(is_paused, state || '+paused', state)
    from core_illegal_move where source = $source and incident_id = $incident_id
)
select kind, at_utc, coalesce(max(sender) filter (where state is null), max(sender)) as sender,
    max(receiver) as receiver, max(reason) as reason, max(until_utc) as until_utc, max(state) as state
from happened where at_utc is not null group by kind, at_utc
-- a pause may end with another event; then no resuming was told
qualify kind <> 'resumed' or count(*) over (partition by at_utc) = 1 or max(state) is not null
order by at_utc, list_position($kinds, kind)
