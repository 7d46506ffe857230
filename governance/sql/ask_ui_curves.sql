-- grain: one row per department ('' = all) whose closed cases of the scenario have a recurrence curve
-- known_day: the last day that any case was followed to, known_share: the share that came back by then
select
    curve.department, any_value(curve.closed_cases) as closed_cases, max(curve.day) as last_day,
    max(curve.day) filter (where curve.share_recurred is not null) as known_day,
    arg_max(curve.share_recurred, curve.day) as known_share,
    any_value(life.half_life_days) as half_life_days, any_value(life.low_days) as half_life_low_days,
    any_value(life.high_days) as half_life_high_days
from out_recurrence_curve as curve
left join out_half_life as life
    -- an interval that is open on a side says that the counts do not tell
    on life.scenario = curve.scenario and curve.department = '' and life.low_days > 0 and isfinite(life.high_days)
where curve.scenario = $scenario
group by curve.department
order by curve.department <> '', closed_cases desc, curve.department
