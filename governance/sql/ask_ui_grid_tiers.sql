-- grain: one row per step of the tiers' history (thirteen Mondays and today), with what changed in it, the oldest first
with grid as (
    select grid_no from core_grid where grid_id = $grid_id
),
told as (
    select day, tier, is_override from out_tier_history
    where scenario = $scenario and grid_no = (select grid_no from grid)
),
change as (
    select
        day, direction, tier_before, reason, number_before, number_after, red_places, floor_expected_reports_28d
    from out_tier_change
    where scenario = $scenario and grid_no = (select grid_no from grid)
)
select
    step.day, step.since_day, coalesce(told.tier, 'green') as tier, coalesce(told.is_override, false) as is_override,
    change.direction, change.tier_before, change.reason, change.number_before, change.number_after,
    change.red_places, change.floor_expected_reports_28d
from out_tier_step as step left join told using (day) left join change using (day)
order by step.day
