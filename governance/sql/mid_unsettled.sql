-- grain: one row per incident whose events stand in several files or reach beyond as_of, so must be reduced again
-- Two incidents of one hash only mean that both are reduced once more, with the same result.
with suspects as (
    select identity_hash
    from src_reduced_events
    group by identity_hash
    having count(*) > 1 or max(last_at_utc) >= $as_of_utc
)
select distinct source, incident_id
from src_reduced_events semi join suspects using (identity_hash)
