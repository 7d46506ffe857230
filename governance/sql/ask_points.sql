-- grain: one row per place, scenario and local day with any located incident before $as_of_day
select
    lon, lat, scenario, reported_on as day,
    count(*) filter (where not coalesce(is_discovered, false))::integer as reports,
    count(*) filter (where is_discovered)::integer as discovered
from core_case
where lon is not null and scenario is not null and reported_on < $as_of_day
group by all
