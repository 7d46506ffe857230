-- grain: one row per innermost listed unit above the grids (level 2, else 1; or in no grid), scenario and local week
with grids as (
    select grid_no, level_1_id, level_2_id from core_grid
),
dated as (
    select grid_no, coalesce(scenario, '~unmapped') as scenario, reported_on as day, 1 as reports, 0 as closed
    from core_case
    union all
    select grid_no, coalesce(scenario, '~unmapped'), closed_on, 0, 1
    from core_case where closed_on is not null
)
select
    dated.grid_no is null as is_unmatched, grids.level_1_id, grids.level_2_id, dated.scenario,
    date_trunc('week', dated.day)::date as week_start,
    sum(dated.reports)::integer as reports, sum(dated.closed)::integer as closed
from dated left join grids using (grid_no)
group by all
