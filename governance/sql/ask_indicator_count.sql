-- grain: one row per slice, bucket of time, indicator and variant; one line of `formulas` is one formula
-- $grain names the rows that are summed, $bucket what they are gathered to; null: all of the time, no filter
with chosen as (
    select * from out_count
    where period = $grain and (cohort = 'reported') = ($cohort = 'reported')
        and ($since::date is null or period_start >= $since) and ($until::date is null or period_start < $until)
        and ($left_out::date is null or period_start <> $left_out)
        and ($level_1_id::varchar is null or level_1_id = $level_1_id)
        and ($level_2_id::varchar is null or level_2_id = $level_2_id)
        and ($scenario::varchar is null or scenario = $scenario) and ($scene::varchar is null or scene = $scene)
        and ($department::varchar is null or department = $department)
),
counted as (
    select
        case when $bucket::varchar is not null then date_trunc($bucket, period_start)::date end as period_start,
        if($by_level_1_id, level_1_id, null) as level_1_id, if($by_level_2_id, level_2_id, null) as level_2_id,
        if($by_scenario, scenario, null) as scenario, if($by_scene, scene, null) as scene,
        if($by_department, department, null) as department, cohort,
        sum(registered) as registered, sum(still_open) as still_open, sum(returned) as returned,
        sum(bounced) as bounced, sum(ping_pong) as ping_pong, sum(reworked) as reworked, sum(illegal) as illegal,
        sum(fixed) as fixed, sum(due_to_dispose) as due_to_dispose, sum(disposed) as disposed,
        sum(disposed_on_time) as disposed_on_time, sum(overdue_open) as overdue_open,
        sum(seriously_overdue) as seriously_overdue, sum(extended) as extended, sum(close_limited) as close_limited,
        sum(open_in_time) as open_in_time, sum(closed_in_limit) as closed_in_limit, sum(due_to_close) as due_to_close,
        sum(closed) as closed, sum(closed_on_time) as closed_on_time, sum(reworked_due) as reworked_due,
        sum(fixed_due) as fixed_due
    from chosen group by all
)
select
    period_start, level_1_id, level_2_id, scenario, scene, department, indicator, variant,
    numerator::double as numerator, denominator::bigint as denominator
from counted, lateral (values
    ('registered_cases', 'main', 'disposal_due', registered, null),
    ('open_cases', 'main', 'disposal_due', still_open, null),
    ('overdue_open_cases', 'main', 'disposal_due', overdue_open, null),
    ('seriously_overdue_cases', 'main', 'disposal_due', seriously_overdue, null),
    ('returned_cases', 'main', 'disposal_due', returned, null),
    ('illegal_move_cases', 'main', 'disposal_due', illegal, null),
    ('disposal_rate', 'main', 'disposal_due', disposed, due_to_dispose),
    ('on_time_disposal_rate', 'main', 'disposal_due', disposed_on_time, due_to_dispose),
    ('overdue_open_rate', 'main', 'disposal_due', overdue_open, due_to_dispose),
    ('extension_rate', 'main', 'disposal_due', extended, due_to_dispose),
    ('closing_rate', 'main', 'closing_due', closed, due_to_close),
    ('on_time_closing_rate', 'main', 'closing_due', closed_on_time, due_to_close),
    ('on_time_closing_rate', 'ct_over_registered_due', 'closing_due', closed_in_limit, close_limited - open_in_time),
    ('rework_rate', 'main', 'closing_due', reworked_due, due_to_close),
    ('rework_rate', 'w_over_registered', 'disposal_due', reworked, registered),
    ('bounce_rate', 'main', 'disposal_due', bounced, registered),
    ('bounce_rate', 'ping_pong', 'disposal_due', ping_pong, registered),
    ('rectification_rate', 'main', 'closing_due', fixed_due, due_to_close),
    ('rectification_rate', 'fixed_over_found', 'disposal_due', fixed, registered)
) as formulas (indicator, variant, dated_by, numerator, denominator)
where if(cohort = 'reported', true, cohort = dated_by) and list_contains($indicators, indicator)
