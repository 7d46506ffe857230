-- grain: one row per unit (levels 0 to 2), scenario and step of the procedure: how long the step took
-- median and 9 of 10, in whole hours of the clock, over the cases of the last 365 days that took the step
with unit_hour as (
    select 0 as level, '' as unit_id, scenario, step, hours, sum(cases) as cases from mid_step_hour group by all
    union all
    select 1, level_1_id, scenario, step, hours, sum(cases)
    from mid_step_hour where level_1_id is not null group by all
    union all
    select 2, level_2_id, scenario, step, hours, sum(cases)
    from mid_step_hour where level_2_id is not null group by all
),
risen as (
    select
        *,
        sum(cases) over (partition by level, unit_id, scenario, step order by hours) as cases_so_far,
        sum(cases) over (partition by level, unit_id, scenario, step) as cases_in_all
    from unit_hour
)
select
    level, unit_id, scenario, step, any_value(cases_in_all)::bigint as cases,
    min(hours) filter (where cases_so_far >= 0.5 * cases_in_all) as median_hours,
    min(hours) filter (where cases_so_far >= 0.9 * cases_in_all) as p90_hours
from risen
group by level, unit_id, scenario, step
order by level, unit_id, scenario, step
