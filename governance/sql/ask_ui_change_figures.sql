-- grain: one row: how many tiers changed between the last two steps, by direction, with the most frequent reasons
-- since_day: null where the city is too young for a step before
with step as (
    select day, since_day from out_tier_step order by day desc limit 1
),
chosen as (
    select change.direction, change.reason
    from out_tier_change as change join core_grid as grid using (grid_no)
    where change.day = (select day from step) and ($scenario = '' or change.scenario = $scenario)
        and ($level = 0 or $unit_id = case $level
            when 1 then grid.level_1_id when 2 then grid.level_2_id else grid.level_3_id end)
),
counted as (
    select direction, reason, count(*) as changes from chosen group by direction, reason
)
select
    any_value(step.day) as day, any_value(step.since_day) as since_day,
    coalesce(sum(changes), 0)::bigint as changes,
    coalesce(sum(changes) filter (where direction = 'turned_red'), 0)::bigint as turned_red,
    coalesce(sum(changes) filter (where direction = 'left_red'), 0)::bigint as left_red,
    coalesce(sum(changes) filter (where direction = 'turned_yellow'), 0)::bigint as turned_yellow,
    coalesce(sum(changes) filter (where direction = 'turned_green'), 0)::bigint as turned_green,
    arg_max(reason, (changes, reason)) filter (where direction = 'turned_red') as turned_red_reason,
    max(changes) filter (where direction = 'turned_red') as turned_red_most,
    arg_max(reason, (changes, reason)) filter (where direction = 'left_red') as left_red_reason,
    max(changes) filter (where direction = 'left_red') as left_red_most
from step left join counted on true
