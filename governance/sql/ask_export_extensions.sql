-- grain: one row per scenario, scene, district, department and reason: extensions of the last 365 days, the most first
select
    given.scenario, named.name_zh as scenario_zh, named.name_en as scenario_en, given.scene, given.level_1_id,
    district.level_1_zh, district.level_1_en, given.department, department.name_zh as department_zh,
    department.name_en as department_en, given.reason, given.extensions, given.cases, given.timed_extensions,
    given.extra_s / 3600 / nullif(given.timed_extensions, 0) as mean_extra_hours
from out_extension as given
left join meta_scenario as named using (scenario)
left join meta_department as department using (department)
left join (
    select level_1_id, any_value(level_1_zh) as level_1_zh, any_value(level_1_en) as level_1_en
    from core_grid group by level_1_id
) as district using (level_1_id)
where ($scenario::varchar is null or given.scenario = $scenario)
    and ($district::varchar is null or given.level_1_id = $district)
order by given.extensions desc, given.scenario, given.scene, given.level_1_id, given.department, given.reason
