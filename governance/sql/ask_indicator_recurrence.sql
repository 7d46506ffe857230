-- grain: one row per slice, bucket of time, indicator and variant; cases are dated by their closing
-- $grain names the rows that are summed: those of weeks or of months
with counted as (
    select
        case when $bucket::varchar is not null then date_trunc($bucket, period_start)::date end as period_start,
        if($by_level_1_id, level_1_id, null) as level_1_id, if($by_level_2_id, level_2_id, null) as level_2_id,
        if($by_scenario, scenario, null) as scenario, if($by_department, department, null) as department,
        sum(recurred) as recurred, sum(followed) as followed
    from out_recurrence_count
    where period = $grain
        and ($since::date is null or period_start >= $since) and ($until::date is null or period_start < $until)
        and ($level_1_id::varchar is null or level_1_id = $level_1_id)
        and ($level_2_id::varchar is null or level_2_id = $level_2_id)
        and ($scenario::varchar is null or scenario = $scenario)
        and ($department::varchar is null or department = $department)
    group by all
)
select
    period_start, level_1_id, level_2_id, scenario, department, indicator, variant,
    numerator::double as numerator, denominator::bigint as denominator
from counted, lateral (values
    ('recurrence_rate', 'main', recurred, followed)
) as formulas (indicator, variant, numerator, denominator)
where list_contains($indicators, indicator)
