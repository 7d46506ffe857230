-- grain: one row per scenario whose grids do not have exactly one tier each
select meta_scenario.scenario, count(out_tier.grid_no) as tiers
from meta_scenario left join out_tier using (scenario)
group by meta_scenario.scenario
having count(out_tier.grid_no) <> (select count(*) from core_grid)
    or count(distinct out_tier.grid_no) <> (select count(*) from core_grid)
