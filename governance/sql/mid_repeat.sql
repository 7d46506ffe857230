-- grain: one row per grid with cases that people reported in the last 182 days at a known place: how many are repeats
-- a repeat: the same scenario at the same place within 7 days of the report before; people who report often do so twice
-- what an inspection discovered is nobody's report: neither a repeat nor what is repeated
with placed as (
    select
        grid_no,
        reported_at_utc - lag(reported_at_utc) over (
            partition by scenario, grid_no, place_key order by reported_at_utc, source, incident_id
        ) as since_last
    from core_case
    where grid_no is not null and scenario is not null and place_key is not null
        and not coalesce(is_discovered, false)
        and reported_on >= $as_of_day - 182 and reported_on < $as_of_day
)
select
    grid_no, count(*)::integer as placed_cases,
    count(*) filter (where since_last < interval 7 days)::integer as repeat_cases
from placed
group by grid_no
