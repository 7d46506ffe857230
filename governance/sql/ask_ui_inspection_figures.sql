-- grain: one row: this week's list of $scenario in the unit $unit_id ('' whole city), and what it was made of
with listed as (
    select list.kind, list.sampling_probability, urgent.grid_no is not null as is_urgent,
        $unit_id = '' or $unit_id in (grid.level_1_id, grid.level_2_id, grid.level_3_id) as is_here
    from out_inspection as list
    join core_grid as grid using (grid_no)
    left join out_urgent as urgent using (grid_no, scenario)
    where list.week = (select max(week) from out_inspection) and list.scenario = $scenario
)
select
    (select max(week) from out_inspection) as week,
    (select max(week) from out_inspection) + 6 as week_end,
    (select sum(red_places) from out_tier_place where scenario = $scenario)::bigint as red_places,
    count(*) filter (where is_here) as stops,
    count(*) filter (where is_here and kind = 'red') as red,
    count(*) filter (where is_here and kind = 'audit') as audits,
    count(*) filter (where is_here and is_urgent) as urgent,
    count(*) as city_stops,
    -- without an audit here, those of the city tell what chance there was
    coalesce(
        min(sampling_probability) filter (where is_here and kind = 'audit'),
        min(sampling_probability) filter (where kind = 'audit')
    ) as least_audit_probability,
    coalesce(
        max(sampling_probability) filter (where is_here and kind = 'audit'),
        max(sampling_probability) filter (where kind = 'audit')
    ) as most_audit_probability
from listed
