-- grain: one row per grid in the order of grid_no: what the map draws
select grid_no, grid_id, level_1_id, level_2_id, concat_ws(' · ', level_3_zh, level_2_zh, level_1_zh) as place_zh,
    concat_ws(' · ', level_3_en, level_2_en, level_1_en) as place_en, area_km2, lon, lat, geometry
from core_grid
order by grid_no
