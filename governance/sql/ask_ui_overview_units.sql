-- grain: one row per unit right below the chosen one, the most red first; a grid counts once for each scenario
-- turned_red, left_red: since the step before; scenario '' is all of them
with below as (
    select unit_id, any_value(coalesce(unit_zh, unit_id)) as name_zh, any_value(coalesce(unit_en, unit_id)) as name_en,
        max(grids) as grids, sum(red)::bigint as red
    from out_unit
    where level = $level + 1 and parent_unit_id = $unit_id and unit_id <> '~unmatched'
        and ($scenario = '' or scenario = $scenario)
    group by unit_id
),
changed as (
    select
        case $level when 0 then grid.level_1_id when 1 then grid.level_2_id else grid.level_3_id end as unit_id,
        count(*) filter (where change.direction = 'turned_red') as turned_red,
        count(*) filter (where change.direction = 'left_red') as left_red
    from out_tier_change as change join core_grid as grid using (grid_no)
    where change.day = (select max(day) from out_tier_step) and ($scenario = '' or change.scenario = $scenario)
    group by 1
)
select
    unit_id, name_zh, name_en, grids, red, red / nullif(grids, 0) as red_per_grid,
    coalesce(red / nullif(max(red) over (), 0), 0) as of_most, coalesce(turned_red, 0) as turned_red,
    coalesce(left_red, 0) as left_red
from below left join changed using (unit_id)
order by red desc, grids, unit_id
