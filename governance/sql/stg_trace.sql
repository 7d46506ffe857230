-- grain: one row per incident that the events of src_events speak of
with illegal as (
    select case_no, count(*) as illegal_moves from stg_illegal_move group by case_no
)
select
    numbered.source, numbered.incident_id, event.* exclude (case_no, first_no, last_no),
    first.holder as first_department, last.holder as last_department,
    coalesce(hop.hops, 0) as hops, coalesce(hop.is_ping_pong, false) as is_ping_pong,
    coalesce(illegal.illegal_moves, 0) as illegal_moves, winding.case_no is not null as is_winding,
    stint.* exclude (case_no, holder_no, is_shared), held.holder
from stg_told_event as event
join map_log_case as numbered using (case_no)
left join stg_told_stint as stint using (case_no)
left join stg_told_hop as hop using (case_no)
left join illegal using (case_no)
left join stg_winding as winding using (case_no)
left join map_holder as held on held.holder_no = stint.holder_no
left join map_holder as first on first.holder_no = event.first_no
left join map_holder as last on last.holder_no = event.last_no
union all by name
-- a plain life: from the desk to one department, to whoever verifies; nobody holds it any more
select
    plain.source, plain.incident_id,
    registered_at_utc, dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc, closed_at_utc,
    evaluated_at_utc, first_held_at_utc,
    0 as transfers, 0 as returns, 0 as reopenings, 0 as extensions, 0 as pauses, 0 as hops, 0 as illegal_moves,
    false as is_ping_pong, false as is_winding,
    if(evaluated_at_utc is null, 'closed', 'evaluated') as last_kind,
    unit.holder as first_department, unit.holder as last_department,
    has_desk as is_desk_first,
    if(has_desk, dispatched_work_s - first_held_work_s, null) as desk_work_s,
    disposed_work_s - dispatched_work_s as held_work_s,
    closed_work_s - disposed_work_s as check_work_s,
    coalesce(first_held_work_s, dispatched_work_s, disposed_work_s) as first_work_s
from stg_worked_plain as plain
join map_holder as unit on unit.holder_no = plain.unit_no
