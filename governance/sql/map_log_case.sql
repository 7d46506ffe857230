-- grain: one row per incident whose life is not plain, with a number that sorts faster than its texts
select source, incident_id, (row_number() over ())::integer as case_no
from stg_kind_time
anti join stg_worked_plain using (source, incident_id)
