-- grain: one row per source and location status: matched to a grid, outside all grids, or without a location
select source, location_status, count(*) as rows from core_case group by all order by all
