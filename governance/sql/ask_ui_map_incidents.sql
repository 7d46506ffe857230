-- grain: one row per incident of the last 28 days in one scenario that lies in a grid
select lon, lat from out_recent_incident where scenario = $scenario
