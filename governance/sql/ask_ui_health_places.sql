-- grain: one row per source and location status
select source, location_status, rows from meta_location order by source, location_status
