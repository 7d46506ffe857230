-- grain: one row per event, in the order of its case, with what held just before it
with ordered as (
    select
        *,
        row_number() over in_time as step,
        lag(state ignore nulls) over in_time as state_before,
        coalesce(lag(is_paused ignore nulls) over in_time, false) as is_paused_before,
        coalesce(lag(is_ended ignore nulls) over in_time, false) as is_ended_before,
        lag(unit ignore nulls) over in_time as unit_before,
        lead(unit ignore nulls) over in_time as unit_after
    from stg_named_event
    window in_time as (partition by source, incident_id order by at_utc, place, department)
)
select
    source, incident_id, step, kind, at_utc, department, reason, extended_until_utc, state_before, is_paused_before,
    is_ended_before, unit, unit_before, unit_after,
    case
        -- only a reopening brings an ended case back into anyone's hands
        when is_ended_before and kind <> 'reopened' then null
        -- accepted or reopened without a name: by whoever had it last
        when holder = '~last' then coalesce(unit_before, '~none')
        else holder
    end as holder,
    unit <> unit_before as is_hop
from ordered
