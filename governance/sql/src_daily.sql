-- grain: one row per grid, scenario and local day with any incident before the snapshot's day
select grid_no, scenario, day, reports, discovered, severity from mid_daily
