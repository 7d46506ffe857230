-- grain: one row per grid, its id
select grid_id from core_grid order by grid_no
