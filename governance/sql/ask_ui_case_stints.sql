-- grain: one row per stretch in which one holder had a case, in their order; to_utc is null while it lasts
-- Of a case that went straight from the desk to one department and to its check, core_case tells the three stretches.
with told as materialized (
    select
        reported_at_utc, disposed_at_utc, stage, first_department, desk_work_s, held_work_s, check_work_s,
        if(is_open, as_of_utc, coalesce(cancelled_at_utc, closed_at_utc, reported_at_utc)) as end_utc,
        coalesce(dispatched_at_utc, accepted_at_utc, disposed_at_utc) as handed_at_utc
    from core_case cross join (select as_of_utc from meta_manifest)
    -- the moment too, so that the blocks of other times are passed over
    where source = $source and incident_id = $incident_id and reported_at_utc = $reported_at_utc
),
kept as (
    select stint, holder, from_utc, to_utc, began_by, ended_by, reason, work_s, clock_s
    from core_stint where source = $source and incident_id = $incident_id
),
parted as (
    select
        *, if(desk_work_s is null, reported_at_utc, greatest(coalesce(handed_at_utc, end_utc), reported_at_utc))
            as given_utc,
        if(check_work_s is null, end_utc, greatest(coalesce(disposed_at_utc, end_utc), reported_at_utc)) as done_utc
    from told
),
straight as (
    select 1 as stint, '~desk' as holder, reported_at_utc as from_utc, given_utc as to_utc, 'reported' as began_by,
        if(held_work_s is null, stage, 'dispatched') as ended_by, desk_work_s as work_s
    from parted where desk_work_s is not null
    union all
    select 2, coalesce(first_department, '~none'), given_utc, done_utc,
        if(desk_work_s is null, 'reported', 'dispatched'), if(check_work_s is null, stage, 'disposed'), held_work_s
    from parted where held_work_s is not null
    union all
    select 3, '~check', done_utc, end_utc, 'disposed', if(stage = 'cancelled', stage, 'closed'), check_work_s
    from parted where check_work_s is not null
),
every as (
    from kept
    union all by name
    select *, epoch(to_utc - from_utc)::bigint as clock_s from straight where not exists (from kept)
)
select
    row_number() over (order by stint) as stint, holder, from_utc, to_utc, coalesce(to_utc, end_utc) as until_utc,
    began_by, ended_by, reason, work_s / 3600 as work_hours, clock_s / 3600 as clock_hours,
    work_s / nullif(sum(work_s) over (), 0) as work_share
from every cross join (select end_utc from told)
order by stint
