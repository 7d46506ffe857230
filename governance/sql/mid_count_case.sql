-- grain: one row per case that was not cancelled, as in mid_case_flag, with the numbers it is counted by
select
    count_key, coarse_key,
    flag.* exclude (level_1_id, level_2_id, scenario, scene, department)
from mid_case_flag as flag
join mid_count_key using (level_1_id, level_2_id, scenario, scene, department)
