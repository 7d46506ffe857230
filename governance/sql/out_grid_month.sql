-- grain: one row per grid, scenario and local month with any report
select grid_no, scenario, date_trunc('month', reported_on)::date as month_start, count(*)::integer as reports
from core_case
where grid_no is not null and scenario is not null
group by all
order by grid_no, scenario, month_start
