-- grain: one row per department that has a name
select department, name_zh, name_en from meta_department order by department
