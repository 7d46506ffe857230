-- grain: one row per grid, scenario and local day with any incident before $as_of_day
-- Cancelled ones are among them, as in mid_daily.
select
    grid_no, scenario, reported_on as day,
    count(*) filter (where not coalesce(is_discovered, false))::integer as reports,
    count(*) filter (where is_discovered)::integer as discovered
from core_case
where grid_no is not null and scenario is not null and reported_on < $as_of_day
group by all
