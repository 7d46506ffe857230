-- grain: one row: the grids of a unit whose label points lie in a box (degrees), taken together, in one scenario
with chosen as (
    select grid_no, area_km2
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
    count(*) as grids, sum(area_km2) as area_km2, count(*) filter (where tier = 'red') as red,
    count(*) filter (where tier = 'yellow') as yellow, count(*) filter (where tier = 'green') as green,
    sum(expected_reports_28d) as expected_reports_28d, coalesce(sum(reports_28d), 0)::bigint as reports_28d,
    coalesce(sum(open_cases), 0)::bigint as open_cases, coalesce(sum(overdue_cases), 0)::bigint as overdue_cases
from chosen
left join (select grid_no, tier, expected_reports_28d from out_tier where scenario = $scenario) using (grid_no)
left join recent using (grid_no)
left join waiting using (grid_no)
