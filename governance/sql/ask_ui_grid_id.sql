-- grain: one row: the id of the grid with this number, and the units that hold it
select grid_id, level_1_id, level_2_id, level_3_id from core_grid where grid_no = $grid_no
