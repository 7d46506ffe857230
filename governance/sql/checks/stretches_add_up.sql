-- grain: one row per case whose stretches of holding do not add up to the working time that it has taken
with held as (
    select source, incident_id, sum(work_s) as work_s from core_stint group by source, incident_id
)
select source, incident_id, held.work_s, desk_work_s + held_work_s + check_work_s as case_work_s
from held join core_case using (source, incident_id)
where held.work_s is distinct from desk_work_s + held_work_s + check_work_s
