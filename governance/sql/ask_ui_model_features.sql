-- grain: one row per feature of the scenario's model, the base last: its rate, and its part of all expected reports
with parts as (
    select feature, sum(contribution) as expected_reports_28d
    from out_reason where scenario = $scenario group by feature
),
rates as (
    select rate.key as feature, rate.value::double as rate
    from meta_model, json_each(model -> '$.rates') as rate
    where scenario = $scenario
)
select
    parts.feature, rates.rate, parts.expected_reports_28d,
    coalesce(parts.expected_reports_28d / nullif(sum(parts.expected_reports_28d) over (), 0), 0) as share
from parts left join rates using (feature)
order by parts.feature = 'base', parts.expected_reports_28d desc, parts.feature
