-- grain: one row per overdue case of one scenario that lies in a grid; its place to about ten metres
select round(lon, 4) as lon, round(lat, 4) as lat
from out_open
where scenario = $scenario and is_overdue and grid_no is not null
order by lon, lat
