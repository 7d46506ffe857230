-- grain: one row per town, scene and department with any case; cases are counted by its number, which is faster
-- coarse_key: the number of district, scenario and department, where neither town nor scene is told
with keys as (
    select distinct level_1_id, level_2_id, scenario, scene, department from mid_placed_case
),
numbered as (
    select row_number() over (order by scenario, level_1_id, level_2_id, scene, department)::integer as count_key, *
    from keys
)
select *, min(count_key) over (partition by level_1_id, scenario, department) as coarse_key
from numbered
