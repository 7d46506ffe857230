-- grain: one row per scenario of the city, in the templates' own order
select scenario, name_zh, name_en from meta_scenario order by place, scenario
