-- grain: one row per reason for which tiers changed between the last two steps, those of red first
with counted as (
    select
        change.reason, count(*) as changes,
        count(*) filter (where change.direction = 'turned_red') as turned_red,
        count(*) filter (where change.direction = 'left_red') as left_red,
        count(*) filter (where change.direction = 'turned_yellow') as turned_yellow,
        count(*) filter (where change.direction = 'turned_green') as turned_green
    from out_tier_change as change join core_grid as grid using (grid_no)
    where change.day = (select max(day) from out_tier_step)
        and ($scenario = '' or change.scenario = $scenario)
        and ($district = '' or grid.level_1_id = $district)
    group by change.reason
)
select reason, changes, turned_red, left_red, turned_yellow, turned_green, changes / sum(changes) over () as share
from counted
order by turned_red + left_red desc, changes desc, reason
