-- grain: one row per group of the scenario's grids (district, area, repeats), by how many red ones it has for its grids
-- verdict: half as many again as its grids would lead to expect, or less than two thirds of them
select
    group_id, group_zh, group_en, grids, red, yellow, expected_reports_28d, reports_28d, placed_cases_182d,
    repeat_share, grids_share, red_share, red_ratio,
    case when red_ratio >= 1.5 then 'more' when red_ratio < 0.667 then 'less' when red_ratio is not null then 'even' end
        as verdict,
    rank() over (order by repeat_share desc nulls last) as repeat_rank, count(repeat_share) over () as repeat_groups
from out_fairness
where scenario = $scenario and "grouping" = $grouping
order by red_ratio desc nulls last, grids desc, group_id
