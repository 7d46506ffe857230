-- grain: one row per scenario and department with overdue cases in the district $district ('' whole city)
select scenario, department, sum(overdue_cases)::bigint as overdue_cases
from out_department
where $district = '' or level_1_id = $district
group by scenario, department
having sum(overdue_cases) > 0
order by scenario, department
