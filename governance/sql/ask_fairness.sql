-- grain: one row per scenario, way of grouping grids and group
select * from out_fairness where $scenario::varchar is null or scenario = $scenario
