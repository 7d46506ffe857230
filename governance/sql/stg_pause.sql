-- grain: one row per incident and stretch in which its clock stands still; to_utc is null while it lasts
with switched as (
    select
        source, incident_id, kind, at_utc, reason, is_paused_before,
        lead(case when kind not in ('extended', 'transferred', 'returned', 'dispatched', 'accepted', 'paused')
            then at_utc end ignore nulls) over (partition by source, incident_id order by step) as to_utc
    from stg_step
)
select source, incident_id, at_utc as from_utc, to_utc, reason
from switched
where kind = 'paused' and not is_paused_before
