-- grain: one row per town, scenario, step of the procedure and whole hours that it took: cases of the last 365 days
with grids as (
    select grid_no, level_1_id, level_2_id from core_grid
),
recent as (
    select
        grid_no, coalesce(scenario, '~unmapped') as scenario,
        reported_at_utc, registered_at_utc, dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc,
        closed_at_utc,
        -- a step that the log passes over starts where the one before it did
        coalesce(registered_at_utc, reported_at_utc) as taken_down_at_utc,
        coalesce(accepted_at_utc, dispatched_at_utc, registered_at_utc, reported_at_utc) as taken_on_at_utc,
        coalesce(verified_at_utc, disposed_at_utc, reported_at_utc) as settled_at_utc
    from core_case
    where reported_on >= $as_of_day - 365 and stage <> 'cancelled'
),
steps as (
    select
        grid_no, scenario,
        unnest([
            struct_pack(step := 'register', hours := date_sub('hour', reported_at_utc, registered_at_utc)),
            struct_pack(step := 'dispatch', hours := date_sub('hour', taken_down_at_utc, dispatched_at_utc)),
            struct_pack(step := 'accept', hours := date_sub('hour', dispatched_at_utc, accepted_at_utc)),
            struct_pack(step := 'dispose', hours := date_sub('hour', taken_on_at_utc, disposed_at_utc)),
            struct_pack(step := 'verify', hours := date_sub('hour', disposed_at_utc, verified_at_utc)),
            struct_pack(step := 'close', hours := date_sub('hour', settled_at_utc, closed_at_utc))
        ], recursive := true)
    from recent
)
select grids.level_1_id, grids.level_2_id, scenario, step, greatest(hours, 0) as hours, count(*) as cases
from steps left join grids using (grid_no)
where hours is not null
group by all
