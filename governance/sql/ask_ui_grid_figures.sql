-- grain: one row: a grid's place in the hierarchy, its tier and its counts in one scenario
with tiers as (
    select grid_no, tier, expected_reports_28d, p_any_28d, rank from out_tier where scenario = $scenario
),
counts as (
    select grid_no, reports_28d, reports_28d_last_year, open_cases, overdue_cases
    from out_grid_count where scenario = $scenario
),
city as (
    select reports_28d_last_year is null as has_none from out_unit where level = 0 and scenario = $scenario
)
select
    grid_no, grid_id, level_1_id, level_2_id, level_3_id, geometry, tier, expected_reports_28d, p_any_28d, rank,
    (select count(*) from tiers) as ranked_grids, coalesce(reports_28d, 0) as reports_28d,
    if((select has_none from city), null, coalesce(reports_28d_last_year, 0)) as reports_28d_last_year,
    coalesce(reports_28d, 0)
        / nullif(if((select has_none from city), null, coalesce(reports_28d_last_year, 0)), 0) - 1 as reports_change,
    coalesce(open_cases, 0) as open_cases, coalesce(overdue_cases, 0) as overdue_cases,
    overdue_cases / nullif(open_cases, 0) as overdue_share
from core_grid left join tiers using (grid_no) left join counts using (grid_no)
where grid_id = $grid_id
