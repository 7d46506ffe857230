-- grain: one row per department that took part in cases of several departments, the slowest link first
select
    department, cases, slowest_cases, slowest_cases / cases as slowest_share, mean_share,
    work_s / 3600 / cases as hours_per_case, sum(slowest_cases) over ()::bigint as all_cases
from out_slowest_link
where scenario = $scenario
order by slowest_cases desc, department
