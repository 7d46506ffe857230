-- grain: one row per department that open cases can be filtered by, with its names
select 'department' as kind, department as id, name_zh, name_en from meta_department
union all
-- departments that no list names: the files' own texts
select 'department', department, department, department
from (select department from out_open union select holder from out_open)
where department not in (select department from meta_department) and department not in ('~none', '~desk', '~check')
union all
select 'department', '~none', '部门不明', 'No department known'
