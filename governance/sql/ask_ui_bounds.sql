-- grain: one row: the box around a unit's grids in degrees, from their label points and the width of the largest grid
with chosen as (
    select lon, lat, area_km2 from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
),
box as (
    -- a degree of latitude is 111.2 km
    select min(lon) as west, min(lat) as south, max(lon) as east, max(lat) as north,
        sqrt(max(area_km2)) * 0.6 / 111.2 as margin
    from chosen
)
select
    west - margin / cos(radians(south)) as west, south - margin as south,
    east + margin / cos(radians(south)) as east, north + margin as north
from box
where west is not null
