-- grain: one row per template that judges cases of one scenario: the city's (district '') first, then the districts'
select coalesce(held.district, '') as district, coalesce(unit.unit_zh, held.district) as name_zh,
    coalesce(unit.unit_en, held.district) as name_en, held.template_version, held.template
from meta_template as held
left join core_unit as unit on unit.level = 1 and unit.unit_id = held.district
where held.scenario = $scenario
order by held.district nulls first
