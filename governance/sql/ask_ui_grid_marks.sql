-- grain: one row: what stands beside the tier of a grid in one scenario; each part null where there is nothing to say
-- urgent cases, an expert's word in force with the model's own tier, reports out of line with their forecast
with grid as (
    select grid_no from core_grid where grid_id = $grid_id
)
select
    urgent.severe_cases, urgent.overdue_cases, urgent.seriously_overdue_cases,
    given.model_tier, given.reason as override_reason, given.author as override_author, given.from_day,
    given.until_day, flare.reach, flare.window_days, flare.reports, flare.expected_reports, flare.p_value
from grid
left join out_urgent as urgent on urgent.grid_no = grid.grid_no and urgent.scenario = $scenario
left join out_override as given
    on given.grid_no = grid.grid_no and given.scenario = $scenario and given.is_active
left join out_flare_up as flare on flare.grid_no = grid.grid_no and flare.scenario = $scenario
