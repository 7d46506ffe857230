-- grain: one row per number of worst grids of the scenario, with the extra spread of their reports
select grids, spread from out_capacity_spread where scenario = $scenario order by grids
