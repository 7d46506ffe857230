-- grain: one row: the polygon of a grid
select geometry from core_grid where grid_no = $grid_no
