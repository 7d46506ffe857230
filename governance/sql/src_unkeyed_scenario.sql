-- grain: one row per scenario with a recurrence rule and a case whose place no key tells
select scenario, radius_m, within_days
from map_recurrence
semi join (
    select scenario from core_case where place_key is null and lon is not null and stage <> 'cancelled'
) using (scenario)
order by scenario
