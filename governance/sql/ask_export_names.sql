-- grain: one row per scenario and district that a list can be filtered by, with its names
select 'scenario' as kind, scenario as id, name_zh, name_en from meta_scenario
union all
select distinct 'district', level_1_id, level_1_zh, level_1_en from core_grid where level_1_id is not null
union all
select * from (values
    ('scenario', '~unmapped', '未归入场景', 'In no scenario'),
    ('district', '~unmatched', '未落入网格', 'In no grid')
) as visible (kind, id, name_zh, name_en)
