-- grain: one row of core_case is changed per case that changed hands or is open and that somebody had before its report
-- Which holders the early time was taken off, only their stretches tell, a closing and reopening before the report too.
update core_case
set desk_work_s = told.desk_work_s, held_work_s = told.held_work_s, check_work_s = told.check_work_s
from (
    select
        source, incident_id,
        (sum(work_s) filter (where holder = '~desk'))::bigint as desk_work_s,
        (sum(work_s) filter (where holder not in ('~desk', '~check')))::bigint as held_work_s,
        (sum(work_s) filter (where holder = '~check'))::bigint as check_work_s
    from core_stint
    semi join (select source, incident_id from core_case where is_held_early) using (source, incident_id)
    group by source, incident_id
) as told
where core_case.is_held_early and core_case.source = told.source and core_case.incident_id = told.incident_id
