-- grain: one row per grid and scenario whose reasons do not sum to its expected reports
with summed as (
    select grid_no, scenario, sum(contribution) as explained from out_reason group by grid_no, scenario
)
select out_tier.grid_no, out_tier.scenario, out_tier.expected_reports_28d, summed.explained
from out_tier left join summed using (grid_no, scenario)
where abs(out_tier.expected_reports_28d - coalesce(summed.explained, 0)) > 1e-6
    or not isfinite(out_tier.expected_reports_28d)
