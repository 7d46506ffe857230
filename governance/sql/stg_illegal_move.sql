-- grain: one row per event that the table of moves forbids at its place
with forbidden as (
    select step.* from stg_step as step
    anti join map_move as move
        on move.state is not distinct from step.state_before
            and move.is_paused = step.is_paused_before and move.place = step.place
)
select
    numbered.source, numbered.incident_id, forbidden.at_utc, listed.kind, coalesce(before.kind, 'start') as state,
    forbidden.is_paused_before as is_paused, named.holder as department, forbidden.case_no
from forbidden
join map_log_case as numbered using (case_no)
join map_kind as listed using (place)
left join map_kind as before on before.place = forbidden.state_before
left join map_holder as named on named.holder_no = forbidden.department_no
