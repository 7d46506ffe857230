-- grain: one row per case whose stretches of holding do not add up to its working time since the report
with held as (
    select source, incident_id, sum(work_s) as work_s, count(*) = count(work_s) as is_known, min(from_utc) as from_utc
    from core_stint group by source, incident_id
)
select source, incident_id, held.work_s,
    coalesce(desk_work_s, 0) + coalesce(held_work_s, 0) + coalesce(check_work_s, 0) as case_work_s
from held join core_case using (source, incident_id)
where held.from_utc < reported_at_utc
    or is_known and held.work_s <> coalesce(desk_work_s, 0) + coalesce(held_work_s, 0) + coalesce(check_work_s, 0)
