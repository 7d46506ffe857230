-- grain: one row per case of $scenario whose recurrence distance may tell, in order of report
select case_row, lon, lat, epoch_us(reported_at_utc) as reported, epoch_us(closed_at_utc) as closed, has_key
from mid_located_case
where scenario = $scenario
order by reported_at_utc, source, incident_id
