-- grain: one row per incident that the events in src_events speak of, with a number that sorts faster than its texts
select source, incident_id, (row_number() over ())::integer as case_no
from (select distinct source, incident_id from src_events)
