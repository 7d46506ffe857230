-- grain: one row per case of mid_told_case that has stretches and that somebody had before its report: its hours
-- Which holders the early time is taken off, only their stretches tell, a closing and reopening before the report too.
with early as (
    select source, incident_id from mid_told_case where has_stints and first_held_at_utc < reported_at_utc
),
held as (
    select
        source, incident_id,
        (sum(work_s) filter (where holder = '~desk'))::bigint as desk_work_s,
        (sum(work_s) filter (where holder not in ('~desk', '~check')))::bigint as held_work_s,
        (sum(work_s) filter (where holder = '~check'))::bigint as check_work_s
    from core_stint
    semi join early using (source, incident_id)
    group by source, incident_id
)
select source, incident_id, desk_work_s, held_work_s, check_work_s
from early left join held using (source, incident_id)
