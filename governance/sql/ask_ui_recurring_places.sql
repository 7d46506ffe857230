-- grain: one row per place that came back most often
select
    grid_id, place_zh, place_en, place_key, closed_cases, came_back, median_days, last_incident_id, last_reported_at_utc
from out_recurring_place
where scenario = $scenario and ($district = '' or level_1_id = $district)
order by came_back desc, last_reported_at_utc desc, place_key
limit $rows
