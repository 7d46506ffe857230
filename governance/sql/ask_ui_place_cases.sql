-- grain: one row per case of a grid (null: in no grid) in one scenario: the open ones, the most urgent first,
-- then those closed in the last 91 days, the newest first; at most $rows of each
with still as (
    select
        true as is_open, source, incident_id, scene, stage, state, department, holder, reported_at_utc, due_at_utc,
        null::timestamp as closed_at_utc, false as is_disposed_late,
        row_number() over (
            order by overdue_hours desc nulls last, used_share desc nulls last, source, incident_id
        ) as place
    from out_open
    where ($grid_no is null and grid_no is null or grid_no = $grid_no) and scenario = $scenario
),
ended as (
    select
        false as is_open, source, incident_id, scene, stage, null as state, department, null as holder,
        reported_at_utc, null::timestamp as due_at_utc, closed_at_utc, is_disposed_late,
        row_number() over (order by closed_at_utc desc, source, incident_id) as place
    from out_closed_case
    where ($grid_no is null and grid_no is null or grid_no = $grid_no) and scenario = $scenario
),
every as (
    from still union all from ended
)
select * exclude (place), count(*) over (partition by is_open) as all_rows
from every
qualify place <= $rows
order by is_open desc, place
