-- grain: one row per department, scenario and district: cases that came to it in the last 28 days, each counted once
-- came: dispatched to it (without a log: reported), or passed on to it by another department; cancelled since or not
with grids as (
    select grid_no, level_1_id from core_grid
),
came as (
    select source, incident_id, coalesce(first_department, '~none') as department
    from core_case
    where coalesce(dispatched_at_utc, reported_at_utc) >= $as_of_utc - interval 28 day
    union
    select source, incident_id, to_department
    from src_handover
    where at_utc >= $as_of_utc - interval 28 day and to_department not in ('~desk', from_department)
)
select
    came.department, coalesce(cases.scenario, '~unmapped') as scenario,
    case when cases.grid_no is null then '~unmatched' else coalesce(grids.level_1_id, '') end as level_1_id,
    count(*) as received_cases
from came
join core_case as cases using (source, incident_id)
left join grids using (grid_no)
group by all
order by department, scenario, level_1_id
