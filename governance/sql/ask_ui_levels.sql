-- grain: one row per level of the city's hierarchy, outermost first
select level, name_zh, name_en from meta_level order by level
