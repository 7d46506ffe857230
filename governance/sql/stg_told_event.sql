-- grain: one row per case: its stages and what was counted of its events
with step as (
    select step.*, listed.kind, listed.state from stg_step as step join map_kind as listed using (place)
)
select
    case_no,
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
    arg_max(at_utc, extended_until_utc) filter (where kind = 'extended') as extended_at_utc,
    count(*) filter (where kind = 'transferred') as transfers,
    count(*) filter (where kind = 'returned') as returns,
    count(*) filter (where kind = 'reopened') as reopenings,
    count(*) filter (where kind = 'extended') as extensions,
    count(*) filter (where kind = 'paused' and not is_paused_before) as pauses,
    arg_max(kind, step) filter (where state is not null) as last_kind,
    arg_min(unit_no, step) filter (where unit_no is not null) as first_no,
    arg_max(unit_no, step) filter (where unit_no is not null) as last_no
from step
group by case_no
