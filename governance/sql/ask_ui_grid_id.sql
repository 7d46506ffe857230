-- grain: one row: the id of the grid with this number
select grid_id from core_grid where grid_no = $grid_no
