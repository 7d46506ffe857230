-- grain: one row per event that the table of moves forbids at its place
select
    step.source, step.incident_id, step.at_utc, step.kind, coalesce(step.state_before, 'start') as state,
    step.is_paused_before as is_paused, step.department
from stg_step as step
anti join map_move as move
    on move.state = coalesce(step.state_before, 'start')
        and move.is_paused = step.is_paused_before and move.kind = step.kind
