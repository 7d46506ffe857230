-- grain: one row per grid of the list of the week that is listed wrongly: red grids as red, no others but as audits
with listed as (
    select scenario, grid_no, kind, sampling_probability
    from out_inspection
    qualify week = max(week) over ()
)
select scenario, grid_no, out_tier.tier, listed.kind
from out_tier full join listed using (scenario, grid_no)
where (out_tier.tier = 'red') <> (coalesce(listed.kind, '') = 'red')
    or out_tier.tier is null
    or (listed.kind is not null and not (sampling_probability > 0 and sampling_probability <= 1))
