-- grain: one row per scenario with a recurrence rule and a case whose place no key tells
select distinct scenario, radius_m, within_days from mid_located_case order by scenario
