-- grain: one row per input file
select source, content, file, read, accepted, quarantined, duplicate, last_reported_at_utc
from meta_file
order by source, content desc, file
