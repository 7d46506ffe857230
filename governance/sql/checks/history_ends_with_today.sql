-- grain: one row per grid and scenario whose tier today is not the last one of its history
with last_day as (
    select scenario, grid_no, tier from out_tier_history where day = (select max(day) from out_tier_step)
)
select out_tier.scenario, out_tier.grid_no, out_tier.tier, last_day.tier as told
from out_tier left join last_day using (scenario, grid_no)
where out_tier.tier <> coalesce(last_day.tier, 'green')
