-- grain: one row per limit of a case, in the order of its stages; close is that of the whole case
-- state: kept, late; if the step is not done yet: running, paused, overdue; passed: skipped or not told by the log;
-- ended: the case was cancelled before. late_hours: clock hours past the limit, negative before it.
with told as materialized (
    select
        stage, is_open, is_paused, used_share, accept_due_at_utc, accepted_at_utc, due_at_utc, disposed_at_utc,
        verify_due_at_utc, verified_at_utc, close_due_at_utc, closed_at_utc, stage = 'cancelled' as is_cancelled
    from core_case
    -- the moment too, so that the blocks of other times are passed over
    where source = $source and incident_id = $incident_id and reported_at_utc = $reported_at_utc
),
steps as (
    select 1 as place, 'accept' as step, accept_due_at_utc as due_at_utc, accepted_at_utc as done_at_utc,
        stage not in ('reported', 'registered', 'dispatched', 'cancelled') as is_passed, null as used_share
    from told
    union all
    select 2, 'dispose', due_at_utc, disposed_at_utc, not is_open and not is_cancelled, used_share from told
    union all
    select 3, 'verify', verify_due_at_utc, verified_at_utc, not is_open and not is_cancelled, null from told
    union all
    select 4, 'close', close_due_at_utc, if(is_cancelled, null, closed_at_utc), not is_open and not is_cancelled, null
    from told
)
select
    step, steps.due_at_utc, done_at_utc, steps.used_share,
    case
        when done_at_utc is not null and steps.due_at_utc is null then 'no_limit'
        when done_at_utc <= steps.due_at_utc then 'kept'
        when done_at_utc is not null then 'late'
        when is_cancelled then 'ended'
        when is_passed then 'passed'
        when steps.due_at_utc is null then 'no_limit'
        when steps.due_at_utc < as_of_utc then 'overdue'
        when is_paused then 'paused'
        else 'running'
    end as state,
    case when done_at_utc is not null or not (is_cancelled or is_passed)
        then epoch(coalesce(done_at_utc, as_of_utc) - steps.due_at_utc) / 3600 end as late_hours
from steps cross join told cross join (select as_of_utc from meta_manifest)
order by place
