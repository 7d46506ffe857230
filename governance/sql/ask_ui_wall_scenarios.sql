-- grain: one row per scenario with any case in a unit ('~unmapped' among them), the most reports first
select
    scenario, reports_28d, reports_28d_last_year, reports_28d / nullif(reports_28d_last_year, 0) - 1 as reports_change,
    red, open_cases, overdue_cases
from out_unit
where level = $level and unit_id = $unit_id and ($scenario = '' or scenario = $scenario)
order by reports_28d desc, open_cases desc, scenario
limit $rows
