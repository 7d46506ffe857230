-- grain: one row per kind of period, scenario, department, town and local month of closing, or district and local week
-- followed: closed cases that were watched for all the days of their scenario's rule; recurred: of them, those that
-- came back in these days
with quarters as (
    select distinct time_bucket(interval 15 minutes, closed_at_utc) as quarter_utc from core_recurrence
),
days as (
    select quarter_utc, ((quarter_utc at time zone 'UTC') at time zone $zone)::date as closed_on from quarters
),
watched as (
    select
        *,
        closed_at_utc + to_days(rule.within_days) <= $as_of_utc as is_followed,
        coalesce(days_to_recurrence <= rule.within_days, false) as is_recurred
    from core_recurrence join map_recurrence_rule as rule using (scenario)
),
counted as (
    select
        scenario, coalesce(department, '~none') as department, coalesce(level_1_id, '~unmatched') as level_1_id,
        coalesce(level_2_id, '~unmatched') as level_2_id, date_trunc('week', closed_on)::date as week_start,
        date_trunc('month', closed_on)::date as month_start, is_followed, is_recurred
    from watched join days on days.quarter_utc = time_bucket(interval 15 minutes, closed_at_utc)
)
select
    if(week_start is null, 'month', 'week') as period, coalesce(week_start, month_start) as period_start, scenario,
    department, level_1_id, level_2_id,
    count(*) filter (where is_followed)::integer as followed,
    count(*) filter (where is_followed and is_recurred)::integer as recurred
from counted
group by grouping sets (
    (scenario, department, level_1_id, level_2_id, month_start), (scenario, department, level_1_id, week_start)
)
order by period, scenario, department, level_1_id, level_2_id, period_start
