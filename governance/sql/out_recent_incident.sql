-- grain: one row per incident of the last 28 days that lies in a grid and in a scenario; its place to about ten metres
select scenario, grid_no, round(lon, 4) as lon, round(lat, 4) as lat
from core_case
where reported_on >= $as_of_day - 28 and reported_on < $as_of_day
    and grid_no is not null and scenario is not null
order by scenario, grid_no, lon, lat
