-- grain: one row per unit of the city's hierarchy, the city itself (level 0) first
select distinct level, unit_id, coalesce(unit_zh, unit_id) as name_zh, coalesce(unit_en, unit_id) as name_en,
    parent_unit_id
from out_unit
where unit_id <> '~unmatched'
order by level, unit_id
