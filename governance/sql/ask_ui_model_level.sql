-- grain: one row per scenario: what its model learnt from, its level, and the grids out of line
-- the level drifts beyond a quarter up or down; at 0.5 and 2 it is cut, and the model says the wrong number
with models as (
    select
        scenario, (model ->> '$.level_factor')::double as level_factor, (model ->> '$.base')::double as base,
        (model ->> '$.festival_factor')::double as festival_factor, model ->> '$.fallback' as fallback,
        (model -> '$.origins')::varchar[] as origins
    from meta_model
),
flaring as (
    select scenario, count(*) as flaring from out_flare_up group by scenario
),
city as (
    select count(*) as grids from core_grid
)
select
    meta.scenario, models.level_factor, models.festival_factor, models.base, models.fallback,
    len(models.origins) as windows,
    list_min(models.origins)::date as first_origin, list_max(models.origins)::date + 27 as last_learnt_day,
    case
        when models.level_factor is null then 'unknown'
        when models.level_factor in (0.5, 2) then 'cut'
        when models.level_factor < 0.8 or models.level_factor > 1.25 then 'drifts'
        else 'steady'
    end as verdict,
    coalesce(flaring, 0) as flaring, coalesce(flaring, 0) / nullif(city.grids, 0) as flaring_share
from meta_scenario as meta
left join models using (scenario)
left join flaring using (scenario)
cross join city
order by meta.place, meta.scenario
