-- grain: one row per source and category text that falls in no scenario
select source, coalesce(category, '') as category, count(*) as rows
from core_case where scenario is null group by all order by rows desc, category
