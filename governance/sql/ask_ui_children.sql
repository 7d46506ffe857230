-- grain: one row per unit right below the chosen one; below the city also the cases in no grid
select unit_id, coalesce(unit_zh, unit_id) as name_zh, coalesce(unit_en, unit_id) as name_en, grids, red, yellow, green,
    round(red / nullif(grids, 0), 3) as red_share, expected_reports_28d, reports_28d, reports_28d_last_year,
    round(reports_28d / nullif(reports_28d_last_year, 0) - 1, 3) as reports_change, open_cases, overdue_cases,
    round(overdue_cases / nullif(open_cases, 0), 3) as overdue_share
from out_unit
where level = $level + 1 and parent_unit_id = $unit_id and scenario = $scenario
order by unit_id = '~unmatched', red desc, expected_reports_28d desc, unit_id
