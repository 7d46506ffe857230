-- grain: one row per unit (levels 0 to 2), scenario and stage: cases of the last 365 days that reached the stage
with stages as (
    select * from (values
        ('reported', 1), ('registered', 2), ('dispatched', 3), ('accepted', 4), ('disposed', 5), ('verified', 6),
        ('closed', 7), ('evaluated', 8)
    ) as listed (stage, place)
),
units as (
    select 0 as level, '' as unit_id, scenario, stage, cases from mid_town_stage
    union all
    select 1, level_1_id, scenario, stage, cases from mid_town_stage where level_1_id is not null
    union all
    select 2, level_2_id, scenario, stage, cases from mid_town_stage where level_2_id is not null
),
standing as (
    select units.level, units.unit_id, units.scenario, stages.place, sum(units.cases) as cases
    from units join stages using (stage)
    group by all
)
select
    standing.level, standing.unit_id, standing.scenario, stages.stage, stages.place,
    sum(standing.cases) filter (where standing.place >= stages.place)::bigint as cases
from standing cross join stages
group by all
order by standing.level, standing.unit_id, standing.scenario, stages.place
