-- grain: one row per scenario and area with more red grids than places, unless experts alone have asked for them
with placed as (
    -- a grid counts in its district where that has places of its own, else in the city or what is left of it
    select
        tier.scenario, tier.tier, tier.is_override,
        own.level_1_id
    from out_tier as tier
    join core_grid as grid using (grid_no)
    left join out_tier_place as own
        on own.scenario = tier.scenario and own.level_1_id = coalesce(grid.level_1_id, '')
),
red as (
    select
        scenario, level_1_id, count(*) filter (where tier = 'red') as red,
        count(*) filter (where tier = 'red' and is_override) as given_red
    from placed
    group by all
)
select red.scenario, red.level_1_id, red.red, coalesce(place.red_places, 0) as red_places
from red
left join out_tier_place as place
    on place.scenario = red.scenario and place.level_1_id is not distinct from red.level_1_id
where red.red > greatest(coalesce(place.red_places, 0), red.given_red)
