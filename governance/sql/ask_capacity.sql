-- grain: one row per grid of the scenario and the district $district (null: all), with its expected reports
select tier.expected_reports_28d
from out_tier as tier join core_grid as grid using (grid_no)
where tier.scenario = $scenario and ($district::varchar is null or grid.level_1_id = $district)
order by tier.rank
