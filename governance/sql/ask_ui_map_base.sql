-- grain: one row per layer of the city's own base map, in the order of city.toml
select layer, name_zh, name_en, kind, colour, sha256, geometry from meta_map_layer order by layer
