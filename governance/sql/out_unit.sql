-- grain: one row per unit and scenario; level 1 has '~unmatched' for the cases that lie in no grid
with tiers as (
    select
        member.level, member.unit_id, tier.scenario,
        count(*) filter (where tier.tier = 'red') as red,
        count(*) filter (where tier.tier = 'yellow') as yellow,
        count(*) filter (where tier.tier = 'green') as green,
        sum(tier.expected_reports_28d) as expected_reports_28d
    from out_tier as tier join mid_unit_grid as member using (grid_no)
    group by all
),
placed as (
    select member.level, member.unit_id, counted.* exclude (grid_no)
    from out_grid_count as counted join mid_unit_grid as member using (grid_no)
    where member.level > 0
    union all
    select 0, '', * exclude (grid_no) from out_grid_count
    union all
    select 1, '~unmatched', * exclude (grid_no) from out_grid_count where grid_no is null
),
counts as (
    select
        level, unit_id, scenario, sum(cases) as cases, sum(reports_28d) as reports_28d,
        sum(reports_28d_last_year) as reports_28d_last_year, sum(open_cases) as open_cases,
        sum(overdue_cases) as overdue_cases, sum(open_cases_last_year) as open_cases_last_year,
        sum(overdue_cases_last_year) as overdue_cases_last_year
    from placed group by all
),
keys as (
    select level, unit_id, scenario from tiers union select level, unit_id, scenario from counts
    union select 1, '~unmatched', scenario from tiers
)
select
    keys.level, keys.unit_id, coalesce(unit.unit_zh, '未落入网格') as unit_zh,
    coalesce(unit.unit_en, 'In no grid') as unit_en, coalesce(unit.parent_unit_id, if(keys.level = 1, '', null))
        as parent_unit_id,
    keys.scenario, coalesce(unit.grids, 0)::integer as grids, coalesce(unit.area_km2, 0) as area_km2,
    coalesce(red, 0)::integer as red, coalesce(yellow, 0)::integer as yellow, coalesce(green, 0)::integer as green,
    coalesce(expected_reports_28d, 0) as expected_reports_28d, coalesce(cases, 0)::bigint as cases,
    coalesce(reports_28d, 0)::bigint as reports_28d,
    -- no figure for last year before there was data
    case when $first_day <= $as_of_day - 392 then coalesce(reports_28d_last_year, 0)::bigint end
        as reports_28d_last_year,
    coalesce(open_cases, 0)::bigint as open_cases, coalesce(overdue_cases, 0)::bigint as overdue_cases,
    case when $tells_year_before then coalesce(open_cases_last_year, 0)::bigint end as open_cases_last_year,
    case when $tells_year_before then coalesce(overdue_cases_last_year, 0)::bigint end as overdue_cases_last_year
from keys
left join core_unit as unit using (level, unit_id)
left join tiers using (level, unit_id, scenario)
left join counts using (level, unit_id, scenario)
order by level, unit_id, scenario
