-- grain: one row per grid of a unit whose label point lies in a box (degrees), the first $rows by reports expected
with chosen as (
    select grid_no, grid_id, area_km2, concat_ws(' › ', level_1_zh, level_2_zh, level_3_zh) as place_zh,
        concat_ws(' › ', level_1_en, level_2_en, level_3_en) as place_en
    from core_grid
    where ($level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id)
        and lon between $west and $east and lat between $south and $north
),
recent as (
    select grid_no, count(*) as reports_28d from out_recent_incident where scenario = $scenario group by grid_no
),
waiting as (
    select grid_no, count(*) as open_cases, count(*) filter (where is_overdue) as overdue_cases
    from out_open where scenario = $scenario group by grid_no
)
select
    grid_id, place_zh, place_en, area_km2, tier, expected_reports_28d, p_any_28d,
    coalesce(reports_28d, 0)::bigint as reports_28d, coalesce(open_cases, 0)::bigint as open_cases,
    coalesce(overdue_cases, 0)::bigint as overdue_cases
from chosen
left join (
    select grid_no, tier, expected_reports_28d, p_any_28d from out_tier where scenario = $scenario
) using (grid_no)
left join recent using (grid_no)
left join waiting using (grid_no)
order by expected_reports_28d desc nulls last, grid_id
limit $rows
