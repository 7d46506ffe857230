-- grain: one row per incident with a plain life: straight from its report to its end, in the hands of one department
-- Each kind came once, in an allowed order, so all that is told of the case follows from these moments alone. The
-- other cases are told step by step (map_log_case and what reads from it); both ways give the same answer.
select
    source, incident_id, dispatched_no as unit_no,
    registered_at_utc, dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc, evaluated_at_utc,
    coalesce(reported_at_utc, registered_at_utc, dispatched_at_utc) as first_held_at_utc,
    coalesce(closed_at_utc, evaluated_at_utc) as closed_at_utc,
    reported_at_utc is not null or registered_at_utc is not null as has_desk
from stg_kind_time
semi join map_plain_life using (kinds)
where events = bit_count(kinds)
    and coalesce(registered_at_utc >= reported_at_utc, true)
    and coalesce(dispatched_at_utc >= coalesce(registered_at_utc, reported_at_utc), true)
    and accepted_at_utc >= dispatched_at_utc
    and disposed_at_utc >= accepted_at_utc
    and coalesce(verified_at_utc >= disposed_at_utc, true)
    and coalesce(closed_at_utc, evaluated_at_utc) >= coalesce(verified_at_utc, disposed_at_utc)
    and coalesce(evaluated_at_utc >= closed_at_utc, true)
    and coalesce(accepted_no, dispatched_no) = dispatched_no
