-- grain: one row per band of the scenario ('~all': together) and way of grouping (tier, tenth), the worst first
select
    band, windows, judged, expected_reports, reports, reports / nullif(expected_reports, 0) as ratio,
    p_any_said, p_any_came, p_any_low, p_any_high, 1 - p_any_came as nothing_share,
    case when p_any_said < p_any_low then 'low' when p_any_said > p_any_high then 'high' else 'fits' end as verdict
from out_calibration
where scenario = $scenario and "grouping" = $grouping
order by case band when 'red' then 1 when 'yellow' then 2 when 'green' then 3 else band::integer end
