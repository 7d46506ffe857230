-- grain: one row per unit and scenario asked for: what the unit's head needs first
select grids, area_km2, red, yellow, green, expected_reports_28d, reports_28d, reports_28d_last_year,
    reports_28d / nullif(reports_28d_last_year, 0) - 1 as reports_change, open_cases, overdue_cases,
    overdue_cases / nullif(open_cases, 0) as overdue_share, red / nullif(grids, 0) as red_share,
    yellow / nullif(grids, 0) as yellow_share, green / nullif(grids, 0) as green_share
from out_unit
where level = $level and unit_id = $unit_id and scenario = $scenario
