-- grain: one row per open case that the list of open cases does not hold exactly once
with listed as (
    select source, incident_id, count(*) as rows from out_open group by source, incident_id
)
select source, incident_id, coalesce(listed.rows, 0) as rows
from core_case full join listed using (source, incident_id)
where coalesce(is_open, false) <> (coalesce(listed.rows, 0) = 1)
