-- grain: one row: a grid and its forecast in one scenario
with ranked as (
    select grid_no, tier, expected_reports_28d, p_any_28d, mean_severity, expected_severity_28d, rank
    from out_tier where scenario = $scenario
),
totals as (
    select count(*) as ranked_grids from ranked
)
select
    grid_no, grid_id, concat_ws(' › ', level_1_zh, level_2_zh, level_3_zh) as place_zh,
    concat_ws(' › ', level_1_en, level_2_en, level_3_en) as place_en, area_km2, level_1_id, level_2_id, level_3_id,
    geometry, tier,
    expected_reports_28d, p_any_28d, mean_severity, expected_severity_28d, rank, ranked_grids
from core_grid left join ranked using (grid_no) cross join totals
where grid_id = $grid_id
