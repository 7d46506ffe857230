-- grain: one row per grid of the district $district (null: all)
select
    grid_no, grid_id, level_1_id, level_1_zh, level_1_en, level_2_id, level_2_zh, level_2_en,
    level_3_id, level_3_zh, level_3_en, area_km2, lon, lat, geometry
from core_grid
where $district::varchar is null or level_1_id = $district
order by grid_no
