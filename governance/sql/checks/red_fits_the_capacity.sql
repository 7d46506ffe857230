-- grain: one row per scenario and area with more red grids than places, unless experts alone have asked for them
with red as (
    select place.scenario, place.level_1_id, any_value(place.red_places) as red_places,
        count(*) filter (where tier.tier = 'red') as red,
        count(*) filter (where tier.tier = 'red' and tier.is_override) as given_red
    from out_tier_place as place
    join out_tier as tier using (scenario)
    join core_grid as grid on grid.grid_no = tier.grid_no
        and (place.level_1_id is null or grid.level_1_id = place.level_1_id)
    group by place.scenario, place.level_1_id
)
select scenario, level_1_id, red, red_places from red where red > greatest(red_places, given_red)
