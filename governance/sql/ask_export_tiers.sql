-- grain: one row per grid and scenario of $scenario and the district $district (null: all)
-- inspection: how the grid stands on the list of the week (red, audit), with the chance that it had to be drawn
with reasons as (
    select
        grid_no, scenario,
        string_agg(format('{}: {:.3f}', feature, contribution), '; ' order by abs(contribution) desc, feature)
            as reasons
    from out_reason
    where $scenario::varchar is null or scenario = $scenario
    group by grid_no, scenario
),
standing as (
    select
        grid_no, scenario,
        count(*) filter (where is_open) as open_cases,
        count(*) filter (where is_overdue) as overdue_cases
    from core_case
    where grid_no is not null and scenario is not null
    group by grid_no, scenario
),
listed as (
    select scenario, grid_no, kind, sampling_probability from out_inspection qualify week = max(week) over ()
)
select
    tier.scenario, named.name_zh as scenario_zh, named.name_en as scenario_en, tier.tier, tier.rank,
    tier.is_override, override.reason as override_reason, override.author as override_author,
    listed.kind as inspection, listed.sampling_probability,
    urgent.grid_no is not null as is_urgent,
    grid.grid_no, grid.grid_id, grid.level_1_id, grid.level_1_zh, grid.level_1_en,
    grid.level_2_id, grid.level_2_zh, grid.level_2_en, grid.level_3_id, grid.level_3_zh, grid.level_3_en,
    tier.expected_reports_28d, tier.p_any_28d, tier.expected_severity_28d, reasons.reasons,
    coalesce(standing.open_cases, 0)::bigint as open_cases,
    coalesce(standing.overdue_cases, 0)::bigint as overdue_cases,
    grid.area_km2, grid.lon, grid.lat
from out_tier as tier
join core_grid as grid using (grid_no)
left join meta_scenario as named using (scenario)
left join reasons using (grid_no, scenario)
left join standing using (grid_no, scenario)
left join listed using (grid_no, scenario)
left join out_urgent as urgent using (grid_no, scenario)
left join out_override as override
    on override.is_active and override.grid_no = tier.grid_no and override.scenario = tier.scenario
where ($scenario::varchar is null or tier.scenario = $scenario)
    and ($district::varchar is null or grid.level_1_id = $district)
order by tier.scenario, tier.rank, grid.grid_no
