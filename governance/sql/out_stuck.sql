-- grain: one row per unit (levels 0 to 2), scenario and stage with open cases: how many stand there, and how long
-- late_cases: past the limit that ends the stage: to accept, to dispose, to verify, to close
with grids as (
    select grid_no, level_1_id, level_2_id from core_grid
),
reopened as (
    select source, incident_id, max(from_utc) as at_utc from core_stint where began_by = 'reopened' group by all
),
standing as (
    select
        grids.level_1_id, grids.level_2_id, coalesce(cases.scenario, '~unmapped') as scenario, cases.stage,
        coalesce(case cases.stage
            when 'verified' then cases.close_due_at_utc < $as_of_utc
            when 'disposed' then cases.verify_due_at_utc < $as_of_utc
            when 'accepted' then cases.is_overdue
            else cases.is_overdue or coalesce(cases.accept_due_at_utc < $as_of_utc, false)
        end, false) as is_late,
        -- what is done again after a reopening has stood there since then
        epoch($as_of_utc - greatest(cases.reported_at_utc, reopened.at_utc, case cases.stage
            when 'verified' then cases.verified_at_utc when 'disposed' then cases.disposed_at_utc
            when 'accepted' then cases.accepted_at_utc when 'dispatched' then cases.dispatched_at_utc
            when 'registered' then cases.registered_at_utc
        end)) / 86400 as days
    from core_case as cases
    left join grids using (grid_no)
    left join reopened using (source, incident_id)
    where cases.is_open
),
placed as (
    select 0 as level, '' as unit_id, scenario, stage, is_late, days from standing
    union all
    select 1, level_1_id, scenario, stage, is_late, days from standing where level_1_id is not null
    union all
    select 2, level_2_id, scenario, stage, is_late, days from standing where level_2_id is not null
)
select
    level, unit_id, scenario, stage, count(*) as open_cases, count(*) filter (where is_late) as late_cases,
    median(days) as median_days
from placed
group by all
order by level, unit_id, scenario, stage
