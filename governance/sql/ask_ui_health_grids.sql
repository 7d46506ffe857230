-- grain: one row per remark on the polygons, the largest area first
select kind, coalesce(grid_id, '') as grid_id, detail_zh, detail_en, area_km2
from meta_grid_report
order by area_km2 desc nulls last, kind, grid_id
limit $rows
