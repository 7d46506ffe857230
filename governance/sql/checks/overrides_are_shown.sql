-- grain: one row per grid and scenario whose tier is not the one that an expert has given it, or is called so wrongly
with given as (
    select scenario, grid_no, tier from out_override where is_active
)
select scenario, grid_no, out_tier.tier, given.tier as given_tier
from out_tier full join given using (scenario, grid_no)
where coalesce(out_tier.is_override, false) <> (given.tier is not null)
    or (given.tier is not null and out_tier.tier is distinct from given.tier)
