-- grain: one row per department and reason: extensions of the last 365 days in $district ('' = all), the most first
with chosen as (
    select department, reason, sum(extensions)::bigint as extensions, sum(timed_extensions) as timed_extensions,
        sum(extra_s) as extra_s
    from out_extension
    where scenario = $scenario and ($district = '' or level_1_id = $district)
    group by department, reason
)
select
    department, reason, extensions, extensions / sum(extensions) over () as share,
    extra_s / 3600 / nullif(timed_extensions, 0) as mean_extra_hours, sum(extensions) over ()::bigint as all_extensions
from chosen
order by extensions desc, department, reason
