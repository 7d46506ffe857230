-- grain: one row per kind of period $period, cohort $cohort, start of period, town, scene and department with a case
-- by day neither town nor scene is told (null); a case without the limit that dates a cohort is not in that cohort
with dated as (
    select
        *,
        case $cohort when 'reported' then reported_on when 'disposal_due' then due_on
            when 'closing_due' then close_due_on end as day,
        if($period = 'day', coarse_key, count_key) as key
    from mid_count_case
),
counted as (
    select
        date_trunc($period, day)::date as period_start, key as count_key,
        count(*)::integer as registered,
        count(*) filter (where is_open)::integer as still_open,
        count(*) filter (where is_returned)::integer as returned,
        count(*) filter (where is_bounced)::integer as bounced,
        count(*) filter (where is_ping_pong)::integer as ping_pong,
        count(*) filter (where is_reworked)::integer as reworked,
        count(*) filter (where is_illegal)::integer as illegal,
        count(*) filter (where is_fixed)::integer as fixed,
        count(*) filter (where is_due_to_dispose)::integer as due_to_dispose,
        count(*) filter (where is_disposed_due)::integer as disposed,
        count(*) filter (where is_disposed_on_time)::integer as disposed_on_time,
        count(*) filter (where is_overdue_open)::integer as overdue_open,
        count(*) filter (where is_seriously_overdue)::integer as seriously_overdue,
        count(*) filter (where is_extended_due)::integer as extended,
        count(*) filter (where is_close_limited)::integer as close_limited,
        count(*) filter (where is_open_in_time)::integer as open_in_time,
        count(*) filter (where is_closed_in_limit)::integer as closed_in_limit,
        count(*) filter (where is_due_to_close)::integer as due_to_close,
        count(*) filter (where is_closed_due)::integer as closed,
        count(*) filter (where is_closed_on_time)::integer as closed_on_time,
        count(*) filter (where is_reworked_due)::integer as reworked_due,
        count(*) filter (where is_fixed_due)::integer as fixed_due
    from dated
    where day is not null
    group by all
)
select
    $period as period, $cohort as cohort, period_start, level_1_id, if($period = 'day', null, level_2_id) as level_2_id,
    scenario, if($period = 'day', null, scene) as scene, department, counted.* exclude (period_start, count_key)
from counted join mid_count_key using (count_key)
-- a question is about some days: in their order it reads few of the rows
order by period_start, count_key
