-- grain: one row per scenario and department: of the cases of the last 365 days that several departments held,
-- those that this one held, and those that it held longest
with held as (
    select source, incident_id, holder, sum(work_s) as work_s
    from core_stint
    where holder not in ('~desk', '~check', '~none')
    group by source, incident_id, holder
),
ranked as (
    select
        *,
        count(*) over (partition by source, incident_id) as holders,
        row_number() over (partition by source, incident_id order by work_s desc, holder) as place,
        work_s / nullif(sum(work_s) over (partition by source, incident_id), 0) as share
    from held
)
select
    coalesce(cases.scenario, '~unmapped') as scenario, ranked.holder as department, count(*) as cases,
    count(*) filter (where ranked.place = 1) as slowest_cases, avg(ranked.share) as mean_share,
    sum(ranked.work_s)::bigint as work_s
from ranked join core_case as cases using (source, incident_id)
where ranked.holders > 1 and cases.reported_on >= $as_of_day - 365 and cases.stage <> 'cancelled'
group by all
order by scenario, slowest_cases desc, department
