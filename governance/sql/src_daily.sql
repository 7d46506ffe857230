-- grain: one row per grid, scenario and local day with any report before the snapshot's day
select grid_no, scenario, day, reports from mid_daily
