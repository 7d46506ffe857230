-- grain: one row per district, town, scenario, department or pseudo id that indicators are sliced by, with its names
select 'level_1_id' as slice, level_1_id as id, any_value(level_1_zh) as name_zh, any_value(level_1_en) as name_en
from core_grid where level_1_id is not null group by level_1_id
union all
select 'level_2_id', level_2_id, any_value(level_2_zh), any_value(level_2_en)
from core_grid where level_2_id is not null group by level_2_id
union all
select 'scenario', scenario, name_zh, name_en from meta_scenario
union all
select 'department', department, name_zh, name_en from meta_department
union all
select * from (values
    ('level_1_id', '~unmatched', '未落入网格', 'In no grid'),
    ('level_2_id', '~unmatched', '未落入网格', 'In no grid'),
    ('scenario', '~unmapped', '未归入场景', 'In no scenario'),
    ('department', '~none', '无部门', 'No department'),
    ('department', '~desk', '待派遣', 'Waiting for dispatch'),
    ('department', '~check', '待核查', 'Waiting for verification')
) as visible (slice, id, name_zh, name_en)
