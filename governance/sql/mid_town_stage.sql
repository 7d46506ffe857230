-- grain: one row per town, scenario and stage: cases of the last 365 days that stand at exactly that stage
with grids as (
    select grid_no, level_1_id, level_2_id from core_grid
)
select
    grids.level_1_id, grids.level_2_id, coalesce(scenario, '~unmapped') as scenario,
    -- a reopened case lost its closing, not the stages before it
    stage, count(*) as cases
from core_case left join grids using (grid_no)
where reported_on >= $as_of_day - 365 and stage <> 'cancelled'
group by all
