-- grain: one row per scenario and local day with any incident in one grid before the day of the tiers
select
    grid_no, scenario, reported_on as day,
    count(*) filter (where not coalesce(is_discovered, false))::integer as reports,
    count(*) filter (where is_discovered)::integer as discovered
from core_case
where grid_no = (select grid_no from core_grid where grid_id = $grid_id) and scenario is not null
    and reported_on < (select max(day) from out_tier_step)
group by all
