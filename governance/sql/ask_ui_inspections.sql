-- grain: one row per stop of this week's lists of $scenario ('' all) in the unit $unit_id ('' whole city), as visited
-- The worst of its Monday come first, so that the order holds all week; audits are spread evenly, by lot among
-- themselves: half a list holds half of them.
with listed as (
    select list.scenario, list.week, list.kind, list.sampling_probability, list.grid_no,
        coalesce(monday.rank, tier.rank) as rank,
        if(list.kind = 'red', '', md5(concat_ws('|', list.scenario, list.week, grid.grid_id))) as drawn
    from out_inspection as list
    join core_grid as grid using (grid_no)
    join out_tier as tier using (grid_no, scenario)
    left join out_tier_history as monday
        on monday.day = list.week and monday.scenario = list.scenario and monday.grid_no = list.grid_no
    where list.week = (select max(week) from out_inspection)
        and ($scenario = '' or list.scenario = $scenario)
        and ($unit_id = '' or $unit_id in (grid.level_1_id, grid.level_2_id, grid.level_3_id))
),
placed as (
    select scenario, week, kind, sampling_probability, grid_no,
        (row_number() over (
            partition by scenario, kind order by if(kind = 'red', rank, 0), drawn, grid_no
        ) - 0.5) / count(*) over (partition by scenario, kind) as place
    from listed
),
reason as (
    select grid_no, scenario, feature, value, contribution / nullif(sum(contribution) over part, 0) as share
    from out_reason semi join listed using (grid_no, scenario)
    window part as (partition by grid_no, scenario)
    qualify row_number() over (partition by grid_no, scenario order by contribution desc, feature) = 1
)
select
    placed.scenario, placed.week,
    row_number() over (partition by placed.scenario order by place, kind desc, placed.grid_no) as stop,
    grid.grid_id, placed.kind, placed.sampling_probability,
    tier.tier, tier.rank, tier.expected_reports_28d, tier.p_any_28d,
    grid.level_1_id, grid.level_1_zh, grid.level_1_en, grid.level_2_id, grid.level_2_zh, grid.level_2_en,
    grid.level_3_id, grid.level_3_zh, grid.level_3_en,
    concat_ws(' › ', grid.level_1_zh, grid.level_2_zh, grid.level_3_zh) as place_zh,
    concat_ws(' › ', grid.level_1_en, grid.level_2_en, grid.level_3_en) as place_en,
    reason.feature, reason.value, reason.share,
    coalesce(urgent.severe_cases, 0)::integer as severe_cases,
    coalesce(urgent.overdue_cases, 0)::integer as overdue_cases,
    tier.is_override, given.reason as override_reason, given.author as override_author,
    grid.area_km2, grid.lon, grid.lat
from placed
join core_grid as grid using (grid_no)
join out_tier as tier using (grid_no, scenario)
left join reason using (grid_no, scenario)
left join out_urgent as urgent using (grid_no, scenario)
left join out_override as given
    on given.is_active and given.grid_no = placed.grid_no and given.scenario = placed.scenario
order by placed.scenario, stop
