-- grain: one row per open case under the filters ('': all), the most urgent first; filters as in ask_export_open
-- due_at_utc, overdue_days: of the limit that $state is about, which is disposal's but for the lists of late steps
with listed as (
    select
        *, case $state when 'late_to_accept' then accept_due_at_utc when 'late_to_verify' then verify_due_at_utc
            end as step_due_at_utc
    from out_open
)
select
    source, incident_id, state, stage,
    coalesce(epoch(as_of_utc - step_due_at_utc) / 3600, overdue_hours) / 24 as overdue_days,
    round(used_share, 2) as used_share, coalesce(step_due_at_utc, due_at_utc) as due_at_utc, department, holder,
    held_days, scenario, scene, level, rung_share, call_level, call_post_zh, call_post_en, call_department,
    came_from, came_for, transfers, grid_id, level_1_id, level_2_id,
    count(*) over () as all_rows
from listed cross join (select as_of_utc from meta_manifest)
where ($department = '' or if($state in ('held', 'came_from_others'), holder, department) = $department)
    and ($scenario = '' or scenario = $scenario)
    and ($district = '' or level_1_id = $district)
    and ($state = '' or list_contains(worklists, $state) or $state = 'held' and holder not in ('~desk', '~check'))
    and ($stage = '' or stage = $stage)
    and ($age = '' or overdue_age = $age)
order by step_due_at_utc nulls last, overdue_hours desc nulls last, listed.used_share desc nulls last, source,
    incident_id
limit $rows
