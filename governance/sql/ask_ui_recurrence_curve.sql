-- grain: one row per day after closing, 0 to $last_day: the share of closed cases that came back by then
select
    day, at_risk, recurred, share_recurred, low, high, closed_cases, followed_fully, recurred_within
from out_recurrence_curve
where scenario = $scenario and department = $department and day <= $last_day
order by day
