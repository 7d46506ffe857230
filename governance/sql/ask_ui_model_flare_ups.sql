-- grain: one row per grid that flares up in the scenario ('': in any), the least likely first, $rows at most
select
    told.scenario, grid.grid_id, coalesce(level_3_zh, level_2_zh, level_1_zh, '') as place_zh,
    coalesce(level_3_en, level_2_en, level_1_en, '') as place_en, told.reach, told.window_days, told.reports,
    told.expected_reports, told.p_value, count(*) over () as all_rows
from out_flare_up as told join core_grid as grid using (grid_no)
where $scenario = '' or told.scenario = $scenario
order by told.p_value, told.scenario, grid.grid_id
limit $rows
