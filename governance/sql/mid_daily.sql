-- grain: one row per grid, scenario and local day with any incident before the snapshot's day
-- Cancelled ones are among them: as of their day nobody knew, and a forecast of then may not know either.
-- severity: what the day's reports weigh together, by the template that judges each; a scene that it lacks weighs 1
with weighed as (
    select
        cases.grid_no, cases.scenario, cases.reported_on, coalesce(cases.is_discovered, false) as is_discovered,
        -- decimals: their sum is the same in every order
        coalesce(scene_weight.weight, 1)::decimal(9, 6) as weight
    from core_case as cases
    left join mid_scene_weight as scene_weight using (template_version, scene)
    where cases.grid_no is not null and cases.scenario is not null and cases.reported_on < $as_of_day
)
select
    grid_no, scenario, reported_on as day,
    count(*) filter (where not is_discovered)::integer as reports,
    count(*) filter (where is_discovered)::integer as discovered,
    coalesce(sum(weight) filter (where not is_discovered), 0)::double as severity
from weighed
group by all
