-- grain: one row per slice, bucket of time, indicator and variant; cases are dated by the month of their closing
with counted as (
    select
        case when $bucket::varchar is not null then date_trunc($bucket, month_start)::date end as period_start,
        if($by_level_1_id, level_1_id, null) as level_1_id, if($by_scenario, scenario, null) as scenario,
        if($by_department, department, null) as department,
        sum(recurred) as recurred, sum(followed) as followed
    from out_recurrence_count
    where ($since::date is null or month_start >= $since) and ($until::date is null or month_start < $until)
        and ($level_1_id::varchar is null or level_1_id = $level_1_id)
        and ($scenario::varchar is null or scenario = $scenario)
        and ($department::varchar is null or department = $department)
    group by all
)
select
    period_start, level_1_id, scenario, department, indicator, variant,
    numerator::double as numerator, denominator::bigint as denominator
from counted, lateral (values
    ('recurrence_rate', 'main', recurred, followed)
) as formulas (indicator, variant, numerator, denominator)
where list_contains($indicators, indicator)
