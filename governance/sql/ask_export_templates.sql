-- grain: one row per template that judges cases of a scenario: the city's (district null) first, then the districts'
select scenario, district, template_version, template from meta_template
where $scenario::varchar is null or scenario = $scenario
order by scenario, district nulls first
