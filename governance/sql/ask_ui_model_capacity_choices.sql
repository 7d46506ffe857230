-- grain: one row per choice of teams, visits of each in a week, and weeks, that is prepared for the scenario
select distinct teams, visits_per_team_and_week, weeks
from out_capacity where scenario = $scenario
order by weeks, visits_per_team_and_week, teams
