-- grain: one row per case that was closed in the 91 days before the snapshot's day, in the order of the grids
select
    grid_no, coalesce(scenario, '~unmapped') as scenario, source, incident_id, scene,
    coalesce(department, '~none') as department, stage, reported_at_utc, closed_at_utc, is_disposed_late, reopenings
from core_case
where closed_on >= $as_of_day - 91
order by grid_no, scenario, closed_at_utc desc, source, incident_id
