-- grain: one row per direction ('to' and 'by' $department), cut ('all', 'department', 'reason') and value of the cut
-- of the last 28 days; cases: each counted once; a return that came back to its sender counts as by, not as to
-- share: of the cases that came to the department in these days, part: of the direction's cases
with chosen as (
    select source, incident_id, kind, from_department, to_department, reason
    from out_recent_handover
    where ($scenario = '' or scenario = $scenario) and ($district = '' or level_1_id = $district)
),
directed as (
    select *, 'to' as direction, from_department as other
    from chosen where to_department = $department and from_department <> $department
    union all
    select *, 'by' as direction, to_department as other
    from chosen where from_department = $department
),
counted as (
    select
        direction, coalesce(other, reason, '') as value,
        case when grouping(other) = 0 then 'department' when grouping(reason) = 0 then 'reason' else 'all' end as cut,
        count(distinct (source, incident_id)) as cases,
        count(distinct (source, incident_id)) filter (kind = 'returned') as returned_cases
    from directed
    group by grouping sets ((direction), (direction, other), (direction, reason))
),
received as (
    select coalesce(sum(received_cases), 0)::bigint as received_cases
    from out_received
    where department = $department
        and ($scenario = '' or scenario = $scenario) and ($district = '' or level_1_id = $district)
)
select
    direction, cut, value, cut = 'department' and value = $department as is_own, cases, returned_cases, received_cases,
    cases / nullif(received_cases, 0) as share,
    cases / max(cases) filter (cut = 'all') over (partition by direction) as part
from counted, received
order by direction, cut, cases desc, value
