-- grain: one row per unit below the city (level 1 to 3) and per grid (level 9): what can be searched for
select level, unit.unit_id as id, coalesce(unit_zh, unit_id) as name_zh, coalesce(unit_en, unit_id) as name_en,
    coalesce(place.above_zh, '') as above_zh, coalesce(place.above_en, '') as above_en
from core_unit as unit
left join (
    select
        level_2_id as unit_id, 2 as level, any_value(level_1_zh) as above_zh, any_value(level_1_en) as above_en
    from core_grid where level_2_id is not null group by level_2_id
    union all
    select
        level_3_id, 3, any_value(concat_ws(' › ', level_1_zh, level_2_zh)),
        any_value(concat_ws(' › ', level_1_en, level_2_en))
    from core_grid where level_3_id is not null group by level_3_id
) as place using (level, unit_id)
where level > 0
union all
select 9, grid_id, grid_id, grid_id, concat_ws(' › ', level_1_zh, level_2_zh, level_3_zh),
    concat_ws(' › ', level_1_en, level_2_en, level_3_en)
from core_grid
order by level, id
