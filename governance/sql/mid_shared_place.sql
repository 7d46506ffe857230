-- grain: one row per case that is not cancelled, at a place key where its scenario was reported more than once
-- number: its place in the order of reports there; is_first: the first of those reported at one moment
with candidates as (
    select
        core_case.rowid as case_row, source, incident_id, scenario, place_key, reported_at_utc, within_days,
        -- an event log may close a case before its report; then it is closed when it is reported
        case when closed_at_utc < $as_of_utc then greatest(closed_at_utc, reported_at_utc) end as closed_at_utc
    from core_case join map_recurrence using (scenario)
    where place_key is not null and stage <> 'cancelled' and reported_at_utc < $as_of_utc
),
-- Most places have one case: a number sorts them out in a third of the time that the texts would take. Two places
-- with the same number only let a single case through.
shared as (
    select hash(scenario, place_key) as place from candidates group by place having count(*) > 1
)
select
    case_row, scenario, place_key, reported_at_utc, closed_at_utc, within_days,
    row_number() over ordered as number,
    lag(reported_at_utc) over ordered is distinct from reported_at_utc as is_first,
    count(*) over (partition by scenario, place_key) as cases
from candidates semi join shared on hash(candidates.scenario, candidates.place_key) = shared.place
window ordered as (partition by scenario, place_key order by reported_at_utc, source, incident_id)
