-- grain: one row per tier that an expert has given, those in force first
select
    given.is_active, given.scenario, grid.grid_id, given.tier, given.model_tier, given.reason, given.author,
    given.from_day, given.until_day
from out_override as given join core_grid as grid using (grid_no)
order by given.is_active desc, given.until_day, given.scenario, grid.grid_id
