-- grain: one row per measure: department $department beside all departments, under the same scenario and district
-- part of whole = value (a median has none); verdict by the measure's better direction, 'same' within its rounding
with chosen as (
    select department = $department as is_own, is_overdue, age_hours / 24 as age_days
    from out_open
    where ($scenario = '' or scenario = $scenario) and ($district = '' or level_1_id = $district)
),
opened as (
    select
        count(*) filter (is_own) as open_cases, count(*) as city_open_cases,
        count(*) filter (is_own and is_overdue) as overdue_cases, count(*) filter (is_overdue) as city_overdue_cases,
        median(age_days) filter (is_own) as age_days, median(age_days) as city_age_days
    from chosen
),
due as (
    select
        coalesce(sum(due_cases) filter (department = $department), 0) as due_cases,
        coalesce(sum(disposed_on_time_cases) filter (department = $department), 0) as on_time_cases,
        coalesce(sum(due_still_open_cases) filter (department = $department), 0) as still_open_cases,
        sum(due_cases) as city_due_cases, sum(disposed_on_time_cases) as city_on_time_cases,
        sum(due_still_open_cases) as city_still_open_cases
    from out_department
    where ($scenario = '' or scenario = $scenario) and ($district = '' or level_1_id = $district)
),
measured as (
    select measure, digits, is_lower_better, part, whole, city_part, city_whole,
        coalesce(part / nullif(whole, 0), median) as value,
        coalesce(city_part / nullif(city_whole, 0), city_median) as city_value
    from opened, due, lateral (values
        (1, 'overdue_share', 3, true, overdue_cases, open_cases, city_overdue_cases, city_open_cases, null, null),
        (2, 'on_time_rate', 3, false, on_time_cases, due_cases, city_on_time_cases, city_due_cases, null, null),
        (3, 'overdue_rate', 4, true, still_open_cases, due_cases, city_still_open_cases, city_due_cases, null, null),
        (4, 'median_age_days', 1, true, null, null, null, null, age_days, city_age_days)
    ) as measures (
        place, measure, digits, is_lower_better, part, whole, city_part, city_whole, median, city_median
    )
    order by place
)
select
    measure, part::bigint as part, whole::bigint as whole, value,
    city_part::bigint as city_part, city_whole::bigint as city_whole, city_value, abs(value - city_value) as difference,
    100 * abs(value - city_value) as difference_points,
    case when round(value - city_value, digits) = 0 then 'same'
        when (value < city_value) = is_lower_better then 'better' when value is not null then 'worse' end as verdict
from measured
