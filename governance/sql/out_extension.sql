-- grain: one row per scenario, scene, district, department that had the case, and reason: extensions, last 365 days
-- timed: of those, the ones with a deadline before and a new one; extra_s: clock seconds by which the deadline moved on
with granted as (
    select
        *,
        max(extended_until_utc) over (
            partition by source, incident_id order by step rows between unbounded preceding and 1 preceding
        ) as until_before_utc
    from src_extension
    where at_utc < $as_of_utc
),
recent as (
    select * from granted where at_utc >= $as_of_utc - interval 365 day
),
promised as (
    select source, incident_id, coalesce(due_at_utc, template_due_at_utc) as due_at_utc
    from src_incident semi join recent using (source, incident_id)
),
measured as (
    -- the deadline before: the latest of the promise and of the extensions until then, as far as they are known
    select
        recent.*, epoch(extended_until_utc - greatest(promised.due_at_utc, until_before_utc)) as moved_s,
        -- an extension to a moment before the deadline gives nothing
        if(moved_s < 0, 0, moved_s) as extra_s
    from recent left join promised using (source, incident_id)
),
grids as (
    select grid_no, level_1_id from core_grid
)
select
    coalesce(cases.scenario, '~unmapped') as scenario, cases.scene,
    case when cases.grid_no is null then '~unmatched' else coalesce(grids.level_1_id, '') end as level_1_id,
    measured.department, coalesce(measured.reason, '') as reason,
    count(*) as extensions, count(distinct (measured.source, measured.incident_id)) as cases,
    count(extra_s) as timed_extensions, sum(extra_s)::bigint as extra_s
from measured
join core_case as cases using (source, incident_id)
left join grids using (grid_no)
where cases.stage <> 'cancelled'
group by all
order by extensions desc, scenario, scene, level_1_id, department, reason
