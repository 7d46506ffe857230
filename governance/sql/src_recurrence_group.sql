-- grain: one row per scenario, group of places, whole days of life, and how it ended; days as in src_recurrence_life
with followed as (
    select
        scenario, place_group, least(floor(followed_days), within_days)::integer as days_followed,
        ceil(days_to_recurrence)::integer as recurred_on
    from core_recurrence
)
select
    scenario, place_group, coalesce(recurred_on <= days_followed, false) as is_recurrence,
    if(recurred_on <= days_followed, recurred_on, days_followed) as day, count(*) as cases
from followed
group by all
order by scenario, place_group, day, is_recurrence
