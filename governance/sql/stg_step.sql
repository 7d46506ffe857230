-- grain: one row per event, in the order of its case, with what held just before it
-- holder_no: who has the case from this event on, a department's number or one of ours (map_holder); null: no change
-- unit_no: the department that the event puts in charge
with meant as (
    select
        event.*, listed.state, listed.is_paused, listed.is_ended, listed.holder_no as given_no, listed.names_unit,
        case when listed.names_unit then coalesce(event.department_no, listed.nameless_no) end as unit_no
    from stg_coded_event as event join map_kind as listed using (place)
),
ordered as (
    select
        *,
        row_number() over in_time as step,
        lag(state ignore nulls) over in_time as state_before,
        coalesce(lag(is_paused ignore nulls) over in_time, false) as is_paused_before,
        coalesce(lag(is_ended ignore nulls) over in_time, false) as is_ended_before,
        lag(unit_no ignore nulls) over in_time as unit_before,
        lead(unit_no ignore nulls) over in_time as unit_after
    from meant
    window in_time as (partition by case_no order by at_utc, place, department_no)
)
select
    case_no, step, place, at_utc, department_no, reason_no, extended_until_utc, state_before, is_paused_before,
    is_ended_before, unit_no, unit_before, unit_after,
    case
        -- only a reopening brings an ended case back into anyone's hands
        when is_ended_before and is_ended is distinct from false then null
        -- accepted or reopened without a name: by whoever had it last
        when names_unit then coalesce(unit_no, unit_before, 0)
        else given_no
    end as holder_no,
    -- a department without a name is none that the case could go to or come from
    unit_no <> unit_before and unit_no > 0 and unit_before > 0 as is_hop
from ordered
