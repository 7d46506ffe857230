-- grain: one row per grid and way of grouping grids: its district, its area, how often its people report twice
-- groups by area and by repeats are thirds of the grids; fewer than 10 placed cases tell nothing of repeats
with grids as (
    select
        grid_no, area_km2, level_1_id, coalesce(placed_cases, 0) as placed_cases,
        coalesce(repeat_cases, 0) as repeat_cases
    from core_grid left join mid_repeat using (grid_no)
),
repeats as (
    select grid_no, ntile(3) over (order by repeat_cases / placed_cases, grid_no) as third
    from grids where placed_cases >= 10
)
select grid_no, 'district' as grouping, level_1_id as group_id from grids where level_1_id is not null
union all
select grid_no, 'area', ['small', 'middle', 'large'][ntile(3) over (order by area_km2, grid_no)] from grids
union all
select grids.grid_no, 'repeats', coalesce(['few', 'some', 'many'][repeats.third], 'unknown')
from grids left join repeats using (grid_no)
