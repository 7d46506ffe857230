-- grain: one row per quarantined row shown as a sample
select source, file, row_number, array_to_string(reasons, ', ') as reasons, original::varchar as original
from core_quarantine
where ($code = '' or list_contains(reasons, $code))
order by source, file, row_number
limit $rows
