-- grain: one row per case of $scenario that is not cancelled and has a place of its own, in order of report
-- A point that stands for too many cases is a default, such as a city hall: two cases there need not be near.
with closings as (
    select
        rowid as case_row, source, incident_id, lon, lat, reported_at_utc, place_key is not null as has_key,
        -- an event log may close a case before its report; then it is closed when it is reported
        case when closed_at_utc < $as_of_utc then greatest(closed_at_utc, reported_at_utc) end as closed_at_utc
    from core_case
    where scenario = $scenario and stage <> 'cancelled' and reported_at_utc < $as_of_utc
        and lon is not null and lat is not null
)
select case_row, lon, lat, epoch_us(reported_at_utc) as reported, epoch_us(closed_at_utc) as closed, has_key
from closings anti join meta_suspicious_point using (source, lon, lat)
order by reported_at_utc, source, incident_id
