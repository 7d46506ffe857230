-- grain: one row per stage in the order of the procedure: cases of the last 365 days that reached it, the time that
-- the step to it took, and the open cases that stand there now
with steps as (
    select * from (values
        ('registered', 'register'), ('dispatched', 'dispatch'), ('accepted', 'accept'), ('disposed', 'dispose'),
        ('verified', 'verify'), ('closed', 'close')
    ) as listed (stage, step)
),
reached as (
    select stage, place, coalesce(cases, 0) as cases from out_funnel
    where level = $level and unit_id = $unit_id and scenario = $scenario
),
times as (
    select steps.stage, cases as timed_cases, median_hours, p90_hours
    from out_step_time join steps using (step)
    where level = $level and unit_id = $unit_id and scenario = $scenario
),
stuck as (
    select stage, open_cases, late_cases, median_days from out_stuck
    where level = $level and unit_id = $unit_id and scenario = $scenario
)
select
    reached.stage, reached.cases, coalesce(reached.cases / nullif(max(reached.cases) over (), 0), 0) as share,
    times.timed_cases, times.median_hours, times.p90_hours,
    coalesce(stuck.open_cases, 0) as open_cases, coalesce(stuck.late_cases, 0) as late_cases, stuck.median_days
from reached left join times using (stage) left join stuck using (stage)
order by reached.place
