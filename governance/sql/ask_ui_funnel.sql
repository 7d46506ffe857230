-- grain: one row per stage in the order of the procedure: cases of the last 365 days that reached it
select stage, coalesce(cases, 0) as cases, coalesce(cases / nullif(max(cases) over (), 0), 0) as share
from out_funnel
where level = $level and unit_id = $unit_id and scenario = $scenario
order by place
