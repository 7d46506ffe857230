-- grain: one row per unit two levels below the chosen one, the first $rows by red grids; none without a red grid
-- a grid counts once for each scenario; scenario '' is all of them
with units as (
    select
        level, unit_id, any_value(parent_unit_id) as parent_unit_id, max(grids) as grids, sum(red)::bigint as red,
        any_value(coalesce(unit_zh, unit_id)) as name_zh, any_value(coalesce(unit_en, unit_id)) as name_en
    from out_unit
    where unit_id <> '~unmatched' and ($scenario = '' or scenario = $scenario)
    group by level, unit_id
)
select
    unit.unit_id, unit.name_zh, unit.name_en, above.name_zh as above_zh, above.name_en as above_en, unit.grids, unit.red
from units as unit
join units as above on above.level = $level + 1 and above.unit_id = unit.parent_unit_id
where unit.level = $level + 2 and above.parent_unit_id = $unit_id and unit.red > 0
order by unit.red desc, unit.grids, unit.unit_id
limit $rows
