-- grain: one row per scenario and place where closed cases came back at least twice: the most of each district
-- came_back: closed cases that were followed by a new one within the rule's days; only places that have a key
with closed as (
    select
        recurred.scenario, recurred.level_1_id, cases.grid_no, cases.place_key, cases.incident_id,
        recurred.closed_at_utc, recurred.days_to_recurrence is not null as has_recurred, recurred.days_to_recurrence,
        recurred.recurred_incident_id
    from core_recurrence as recurred join core_case as cases using (source, incident_id)
    where cases.place_key is not null
),
placed as (
    select
        scenario, level_1_id, grid_no, place_key, count(*) as closed_cases,
        count(*) filter (where has_recurred) as came_back, median(days_to_recurrence) as median_days,
        arg_max(recurred_incident_id, closed_at_utc) filter (where has_recurred) as last_incident_id,
        max(closed_at_utc + to_seconds(days_to_recurrence * 86400)) as last_reported_at_utc
    from closed
    group by all
)
select placed.* exclude (grid_no), grids.grid_id, grids.level_2_id, coalesce(grids.level_2_zh, grids.level_1_zh, '')
    as place_zh, coalesce(grids.level_2_en, grids.level_1_en, '') as place_en
from placed left join core_grid as grids using (grid_no)
where came_back >= 2
qualify row_number() over (
    partition by scenario, placed.level_1_id order by came_back desc, last_reported_at_utc desc, place_key
) <= 20
order by scenario, came_back desc, last_reported_at_utc desc, place_key
