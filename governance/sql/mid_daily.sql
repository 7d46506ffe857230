-- grain: one row per grid, scenario and local day with any report before the snapshot's day
select grid_no, scenario, reported_on as day, count(*)::integer as reports
from core_case
where grid_no is not null and scenario is not null and reported_on < $as_of_day
group by all
