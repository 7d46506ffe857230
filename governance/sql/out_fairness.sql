-- grain: one row per scenario, way of grouping grids and group: its part of the grids, of the reports and of the red
with grids as (
    select
        grouped.grouping, grouped.group_id, grid.grid_no, grid.area_km2, grid.level_1_zh, grid.level_1_en,
        coalesce(placed_cases, 0) as placed_cases, coalesce(repeat_cases, 0) as repeat_cases
    from mid_fairness_group as grouped
    join core_grid as grid using (grid_no)
    left join mid_repeat using (grid_no)
),
reports as (
    select grid_no, scenario, reports_28d from out_grid_count where grid_no is not null
)
select
    tier.scenario, grids.grouping, grids.group_id,
    case grids.grouping when 'district' then any_value(grids.level_1_zh) end as group_zh,
    case grids.grouping when 'district' then any_value(grids.level_1_en) end as group_en,
    count(*)::integer as grids, sum(grids.area_km2) as area_km2,
    count(*) filter (where tier.tier = 'red')::integer as red,
    count(*) filter (where tier.tier = 'yellow')::integer as yellow,
    sum(tier.expected_reports_28d) as expected_reports_28d,
    coalesce(sum(reports.reports_28d), 0)::bigint as reports_28d,
    sum(grids.placed_cases)::bigint as placed_cases_182d, sum(grids.repeat_cases)::bigint as repeat_cases_182d,
    sum(grids.repeat_cases) / nullif(sum(grids.placed_cases), 0) as repeat_share,
    count(*) / sum(count(*)) over whole as grids_share,
    count(*) filter (where tier.tier = 'red') / nullif(sum(count(*) filter (where tier.tier = 'red')) over whole, 0)
        as red_share,
    -- 1: as many red grids as its grids would lead to expect; null where nothing is red
    count(*) filter (where tier.tier = 'red') / count(*)
        / nullif(sum(count(*) filter (where tier.tier = 'red')) over whole / sum(count(*)) over whole, 0) as red_ratio
from grids
join out_tier as tier using (grid_no)
left join reports on reports.grid_no = grids.grid_no and reports.scenario = tier.scenario
group by tier.scenario, grids.grouping, grids.group_id
window whole as (partition by tier.scenario, grids.grouping)
order by tier.scenario, grids.grouping, grids.group_id
