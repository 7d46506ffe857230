-- grain: one row per incident and stretch in which one holder had it; to_utc is null while it lasts
with held as (
    select
        source, incident_id, step, kind, at_utc, reason, holder,
        lag(holder) over (partition by source, incident_id order by step) as holder_before
    from stg_step
    where holder is not null
),
changed as (
    select * from held where holder is distinct from holder_before
),
stretched as (
    select
        source, incident_id, holder, at_utc as from_utc, kind as began_by,
        row_number() over in_time as stint,
        lead(at_utc) over in_time as to_utc,
        lead(kind) over in_time as ended_by,
        lead(reason) over in_time as reason
    from changed
    window in_time as (partition by source, incident_id order by step)
)
select source, incident_id, stint, holder, from_utc, to_utc, began_by, ended_by, reason
from stretched
where holder <> '~end'
