-- grain: one row per incident that the events of src_events speak of
with illegal as (
    select case_no, count(*) as illegal_moves from stg_illegal_move group by case_no
)
select
    numbered.source, numbered.incident_id, event.* exclude (case_no, first_no, last_no),
    first.holder as first_department, last.holder as last_department,
    coalesce(hop.hops, 0) as hops, coalesce(hop.is_ping_pong, false) as is_ping_pong,
    coalesce(illegal.illegal_moves, 0) as illegal_moves,
    stint.* exclude (case_no, holder_no), held.holder
from stg_told_event as event
join map_log_case as numbered using (case_no)
left join stg_told_stint as stint using (case_no)
left join stg_told_hop as hop using (case_no)
left join illegal using (case_no)
left join map_holder as held on held.holder_no = stint.holder_no
left join map_holder as first on first.holder_no = event.first_no
left join map_holder as last on last.holder_no = event.last_no
