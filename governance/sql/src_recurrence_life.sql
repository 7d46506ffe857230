-- grain: one row per scenario ('' = all), department ('' = all), whole days of life, and how it ended
-- A case lives, closed, until the day of its recurrence or as long as it was followed, in whole days: a day that was
-- not followed to its end would show recurrences without those that did not recur.
with followed as (
    select
        scenario, department, within_days, days_to_recurrence is not null as has_recurred,
        least(floor(followed_days), within_days)::integer as days_followed,
        ceil(days_to_recurrence)::integer as recurred_on
    from core_recurrence
),
lives as (
    select
        scenario, department, within_days,
        coalesce(recurred_on <= days_followed, false) as is_recurrence,
        case when recurred_on <= days_followed then recurred_on else days_followed end as day,
        count(*) as cases,
        count(*) filter (where days_followed = within_days) as followed_fully,
        count(*) filter (where days_followed = within_days and has_recurred) as recurred_within
    from followed
    group by all
)
select
    coalesce(scenario, '') as scenario, coalesce(department, '') as department, day, is_recurrence,
    sum(cases)::bigint as cases, sum(followed_fully)::bigint as followed_fully,
    sum(recurred_within)::bigint as recurred_within, max(within_days) as within_days
from lives
group by grouping sets ((), (scenario), (department), (scenario, department)), day, is_recurrence
order by 1, 2, 3, 4
