-- grain: one row per grid of the chosen unit, the most reports expected first; '~rest' holds all further grids
-- Of the whole city also '~unmatched', the cases in no grid: so the rows add up to the figures of the unit.
with grids as (
    select grid_no, grid_id from core_grid
    where $level = 0 or case $level when 1 then level_1_id when 2 then level_2_id else level_3_id end = $unit_id
    union all
    select null, '~unmatched' where $level = 0
),
tiers as (
    select grid_no, tier, expected_reports_28d, p_any_28d, rank from out_tier where scenario = $scenario
),
counts as (
    select grid_no, reports_28d, reports_28d_last_year, open_cases, overdue_cases
    from out_grid_count where scenario = $scenario
),
first_year as (
    select reports_28d_last_year is null as has_none from out_unit where level = 0 and scenario = $scenario
),
ranked as (
    select
        grids.grid_id, tiers.* exclude (grid_no), coalesce(reports_28d, 0) as reports_28d,
        if((select has_none from first_year), null, coalesce(reports_28d_last_year, 0)) as reports_28d_last_year,
        coalesce(open_cases, 0) as open_cases, coalesce(overdue_cases, 0) as overdue_cases,
        row_number() over (order by grids.grid_no is null, rank nulls last, grid_id) as place
    from grids
    left join tiers on tiers.grid_no = grids.grid_no
    left join counts on counts.grid_no is not distinct from grids.grid_no
)
select
    if(place <= $rows or grid_id = '~unmatched', grid_id, '~rest') as grid_id, count(*)::integer as grids,
    if(count(*) = 1, any_value(tier), null) as tier, sum(expected_reports_28d) as expected_reports_28d,
    if(count(*) = 1, round(any_value(p_any_28d), 3), null) as p_any_28d,
    sum(reports_28d)::bigint as reports_28d, sum(reports_28d_last_year)::bigint as reports_28d_last_year,
    sum(open_cases)::bigint as open_cases, sum(overdue_cases)::bigint as overdue_cases,
    if(count(*) = 1, any_value(rank), null) as rank
from ranked
group by 1
order by min(place)
