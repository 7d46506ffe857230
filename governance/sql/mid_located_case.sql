-- grain: one row per case whose recurrence distance may tell: no key tells its place, or it lies near such a case
-- Two cases with keys are never compared by distance. So of those with a key only the ones are kept that lie in a cell
-- within reach of a case without one: cells of the unit sphere, twice as wide as the radius, of which a radius meets
-- eight at most. A point that stands for too many cases is a default, such as a city hall: two cases there need not be
-- near.
with located as not materialized (
    select
        core_case.rowid as case_row, source, incident_id, scenario, within_days, lon, lat, reported_at_utc,
        radius_m, place_key is not null as has_key,
        -- a hair wider, so that no rounding of a sine loses a case; which are near is judged later
        2.000002 * sin(least(radius_m / $earth_radius_m, pi()) / 2) as reach,
        cos(radians(lat)) * cos(radians(lon)) as x, cos(radians(lat)) * sin(radians(lon)) as y, sin(radians(lat)) as z,
        -- an event log may close a case before its report; then it is closed when it is reported
        case when closed_at_utc < $as_of_utc then greatest(closed_at_utc, reported_at_utc) end as closed_at_utc
    from core_case
    join map_recurrence using (scenario)
    anti join meta_suspicious_point using (source, lon, lat)
    where stage <> 'cancelled' and reported_at_utc < $as_of_utc and lon is not null and lat is not null
),
cells as (
    select distinct
        scenario, floor((x + east.step * reach) / (2 * reach)) as cell_x,
        floor((y + north.step * reach) / (2 * reach)) as cell_y, floor((z + up.step * reach) / (2 * reach)) as cell_z
    from located, (values (-1), (1)) as east (step), (values (-1), (1)) as north (step), (values (-1), (1)) as up (step)
    where not has_key and exists (from core_case where place_key is not null)
),
near_one as (
    select located.* from located
    semi join cells
        on cells.scenario = located.scenario and cell_x = floor(x / (2 * reach)) and cell_y = floor(y / (2 * reach))
            and cell_z = floor(z / (2 * reach))
    where has_key
)
select * exclude (reach, x, y, z) from located where not has_key
union all
select * exclude (reach, x, y, z) from near_one
