-- grain: one row per kind of period, scenario, department, town and local week or month of closing
-- followed: closed cases that were watched for all the days of their scenario's rule; recurred: those that came back in them
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
        date_trunc('month', closed_on)::date as month_start,
        count(*) filter (where is_followed) as followed, count(*) filter (where is_followed and is_recurred) as recurred
    from watched join days on days.quarter_utc = time_bucket(interval 15 minutes, closed_at_utc)
    group by all
),
dated as (
    select 'week' as period, week_start as period_start, * from counted
    union all
    select 'month', month_start, * from counted
)
select
    period, period_start, scenario, department, level_1_id, level_2_id, sum(followed)::integer as followed,
    sum(recurred)::integer as recurred
from dated
group by all
order by period, scenario, department, level_1_id, level_2_id, period_start
