-- grain: one row per unit of the hierarchy: the city (level 0), then districts, towns, communities
with units as (
    select 1 as level, level_1_id as unit_id, any_value(level_1_zh) as unit_zh, any_value(level_1_en) as unit_en,
        '' as parent_unit_id, count(*) as grids, sum(area_km2) as area_km2
    from core_grid where level_1_id is not null group by level_1_id
    union all
    select 2, level_2_id, any_value(level_2_zh), any_value(level_2_en), any_value(level_1_id), count(*), sum(area_km2)
    from core_grid where level_2_id is not null group by level_2_id
    union all
    select 3, level_3_id, any_value(level_3_zh), any_value(level_3_en), any_value(level_2_id), count(*), sum(area_km2)
    from core_grid where level_3_id is not null group by level_3_id
)
select 0 as level, '' as unit_id, $city_zh as unit_zh, $city_en as unit_en, null as parent_unit_id,
    count(*) as grids, sum(area_km2) as area_km2
from core_grid
union all
select * from units
