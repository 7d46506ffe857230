-- grain: one row per scenario, department, district and local month of closing
-- followed: closed cases that were watched for all the days of their scenario's rule; recurred: of them, those that
-- came back in these days
with quarters as (
    select distinct time_bucket(interval 15 minutes, closed_at_utc) as quarter_utc from core_recurrence
),
months as (
    select quarter_utc, date_trunc('month', (quarter_utc at time zone 'UTC') at time zone $zone)::date as month_start
    from quarters
),
watched as (
    select
        *,
        closed_at_utc + to_days(rule.within_days) <= $as_of_utc as is_followed,
        coalesce(days_to_recurrence <= rule.within_days, false) as is_recurred
    from core_recurrence join map_recurrence_rule as rule using (scenario)
)
select
    scenario, coalesce(department, '~none') as department, coalesce(level_1_id, '~unmatched') as level_1_id,
    month_start,
    count(*) filter (where is_followed)::integer as followed,
    count(*) filter (where is_followed and is_recurred)::integer as recurred
from watched join months on months.quarter_utc = time_bucket(interval 15 minutes, closed_at_utc)
group by all
order by scenario, department, level_1_id, month_start
