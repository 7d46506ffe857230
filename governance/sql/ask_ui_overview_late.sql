-- grain: one row per department with overdue cases in a unit (to level 2) and scenario: ranked, the largest share first
-- ranked are those with $minimum open cases and more, ranked_departments of all_departments that have any open case;
-- where none of them is late, the others: the most overdue cases first
-- latest_*: the case that is overdue the longest of all departments, the same in each row
with counted as (
    select
        department, count(*) as open_cases, count(*) filter (where is_overdue) as overdue_cases,
        max(struct_pack(hours := overdue_hours, source := source, incident_id := incident_id))
            filter (where is_overdue) as oldest
    from out_open
    where ($scenario = '' or scenario = $scenario)
        and ($level = 0 or $unit_id = if($level = 1, level_1_id, level_2_id))
        and department <> '~none'
    group by department
),
judged as (
    select
        *, overdue_cases / open_cases as overdue_share, open_cases >= $minimum as is_ranked,
        count(*) filter (where open_cases >= $minimum and overdue_cases > 0) over () as ranked_late,
        count(*) filter (where open_cases >= $minimum) over () as ranked_departments,
        count(*) over () as all_departments,
        max(struct_pack(hours := oldest.hours, source := oldest.source, incident_id := oldest.incident_id,
            department := department)) filter (where overdue_cases > 0) over () as latest
    from counted
)
select
    department, is_ranked, open_cases, overdue_cases, overdue_share, oldest.hours as overdue_hours_max,
    oldest.source, oldest.incident_id, ranked_departments, all_departments, latest.hours as latest_hours,
    latest.source as latest_source, latest.incident_id as latest_incident_id, latest.department as latest_department
from judged
where overdue_cases > 0 and (is_ranked or ranked_late = 0)
order by if(is_ranked, overdue_share, overdue_cases) desc, overdue_cases desc, department
limit $rows
