-- grain: one row: how many grids of all scenarios flare up, how many by chance alone, how old the newest report is
-- old: more than 36 hours before the data's moment, as in the banner above every page
with flaring as (
    select count(*) as flaring, count(distinct scenario) as flaring_scenarios from out_flare_up
),
sizes as (
    select scenarios, grids, scenarios * grids as judged
    from (select count(*) as scenarios from meta_scenario), (select count(*) as grids from core_grid)
),
newest as (
    select max(last_reported_at_utc) as newest_at_utc from meta_file where content = 'incidents'
)
select
    flaring, flaring_scenarios, sizes.scenarios, grids, judged, flaring / nullif(judged, 0) as flaring_share,
    1 / nullif(grids, 0) as chance_share, flaring > sizes.scenarios as is_beyond_chance, newest_at_utc,
    date_diff('second', newest_at_utc, as_of_utc) / 3600 as newest_age_hours,
    coalesce(date_diff('second', newest_at_utc, as_of_utc) > 36 * 3600, true) as is_old
from flaring, sizes, newest, meta_manifest
