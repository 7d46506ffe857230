-- grain: one row per open case under the filters ('': all), the most urgent first; filters as in ask_export_open
select
    source, incident_id, state, stage, overdue_hours / 24 as overdue_days, round(used_share, 2) as used_share,
    due_at_utc, department, holder, held_days, scenario, scene, level, rung_share, call_level, call_post_zh,
    call_post_en, call_department, came_from, came_for, transfers, grid_id, level_1_id, level_2_id,
    count(*) over () as all_rows
from out_open
where ($department = '' or if($state in ('held', 'came_from_others'), holder, department) = $department)
    and ($scenario = '' or scenario = $scenario)
    and ($district = '' or level_1_id = $district)
    and ($state = '' or list_contains(worklists, $state) or $state = 'held' and holder not in ('~desk', '~check'))
    and ($stage = '' or stage = $stage)
    and ($age = '' or overdue_age = $age)
order by overdue_hours desc nulls last, out_open.used_share desc nulls last, source, incident_id
limit $rows
