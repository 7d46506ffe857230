-- grain: one row per number of teams, each making so many visits a week for so many weeks: what they would cover
-- more: reports covered beyond those of the next smaller number of teams that is prepared
select
    teams, visits, audits, grids_reached, expected_reports, low, high, all_expected_reports, covered_share,
    expected_reports - lag(expected_reports) over (order by teams) as more, teams = $teams as is_chosen
from out_capacity
where scenario = $scenario and visits_per_team_and_week = $visits and weeks = $weeks
order by teams
