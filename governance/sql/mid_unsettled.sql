-- grain: one row per incident whose events stand in several files or reach beyond as_of, so must be reduced again
-- A collision of hashes only means that a settled incident is reduced once more, with the same result.
with suspects as (
    select hash(source, incident_id) as hashed
    from src_reduced_events
    group by hashed
    having count(*) > 1 or max(last_at_utc) >= $as_of_utc
)
select distinct source, incident_id
from src_reduced_events
where hash(source, incident_id) in (select hashed from suspects)
