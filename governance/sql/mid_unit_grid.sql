-- grain: one row per unit of any level (0 the city) and grid in it
select 0 as level, '' as unit_id, grid_no from core_grid
union all
select 1, level_1_id, grid_no from core_grid where level_1_id is not null
union all
select 2, level_2_id, grid_no from core_grid where level_2_id is not null
union all
select 3, level_3_id, grid_no from core_grid where level_3_id is not null
