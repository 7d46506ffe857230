-- grain: one row per incident that an event log speaks of, as of the snapshot's moment
-- What was reduced when its file was read is used as it is; only unsettled incidents are reduced again.
with settled as (
    select * from src_reduced_events anti join mid_unsettled using (source, incident_id)
    union all by name
    select * from mid_event_again
)
select
    source, incident_id, dispatched_at_utc, accepted_at_utc, disposed_at_utc, verified_at_utc, closed_at_utc,
    evaluated_at_utc, reopened_at_utc, transfers, returns, reopenings, holder
from settled
