-- grain: one row per grid on one scenario's newest inspection list; kind: red, or audit (drawn at random)
select grid.lon, grid.lat, listed.kind
from out_inspection as listed join core_grid as grid using (grid_no)
where listed.scenario = $scenario
    and listed.week = (select max(week) from out_inspection where scenario = $scenario)
order by listed.kind, grid.grid_no
