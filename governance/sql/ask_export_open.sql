-- grain: one row per open case under the filters (null: all), the most urgent first; in the lists of late steps by the
-- limit of the step
-- $state: a worklist of out_open, or 'held'; 'held' and 'came_from_others' are of the one with whom the case lies now,
-- the rest of the one that is responsible
select
    open.source, open.incident_id, open.state, array_to_string(open.worklists, ' ') as worklists, open.stage,
    open.overdue_hours, open.used_share, open.due_at_utc, open.department, owner.name_zh as department_zh,
    owner.name_en as department_en, open.holder, holder.name_zh as holder_zh, holder.name_en as holder_en,
    open.held_days, open.scenario, named.name_zh as scenario_zh, named.name_en as scenario_en, open.scene,
    open.category, open.level, open.template_version, open.rung_share, open.call_level, open.call_post_zh,
    open.call_post_en, open.call_department, called.name_zh as call_department_zh,
    called.name_en as call_department_en, open.came_from, giver.name_zh as came_from_zh, giver.name_en as came_from_en,
    open.came_by, open.came_for, open.came_at_utc, open.transfers, open.returns, open.extensions, open.pauses,
    open.reopenings, open.age_hours, open.reported_at_utc, open.accept_due_at_utc, open.verify_due_at_utc,
    open.due_from, open.overdue_age, open.grid_id, open.level_1_id, grid.level_1_zh, grid.level_1_en,
    grid.level_2_id, grid.level_2_zh, grid.level_2_en, open.lon, open.lat
from out_open as open
left join core_grid as grid using (grid_no)
left join meta_scenario as named using (scenario)
left join meta_department as owner on owner.department = open.department
left join meta_department as holder on holder.department = open.holder
left join meta_department as called on called.department = open.call_department
left join meta_department as giver on giver.department = open.came_from
where ($department::varchar is null
        or if($state in ('held', 'came_from_others'), open.holder, open.department) = $department)
    and ($scenario::varchar is null or open.scenario = $scenario)
    and ($district::varchar is null or open.level_1_id = $district)
    and ($state::varchar is null or list_contains(open.worklists, $state)
        or $state = 'held' and open.holder not in ('~desk', '~check'))
    and ($stage::varchar is null or open.stage = $stage)
    and ($age::varchar is null or open.overdue_age = $age)
order by
    case $state::varchar when 'late_to_accept' then accept_due_at_utc when 'late_to_verify' then verify_due_at_utc end
        nulls last,
    open.overdue_hours desc nulls last, open.used_share desc nulls last, open.source, open.incident_id
