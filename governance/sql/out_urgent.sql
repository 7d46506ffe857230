-- grain: one row per grid and scenario with an open severe (level I or II) or overdue case: the badge beside the tier
select
    grid_no, scenario,
    count(*) filter (where level in ('I', 'II') and disposed_at_utc is null)::integer as severe_cases,
    count(*) filter (where is_overdue)::integer as overdue_cases,
    count(*) filter (where is_seriously_overdue)::integer as seriously_overdue_cases
from core_case
where is_open and grid_no is not null and scenario is not null
    and (is_overdue or (level in ('I', 'II') and disposed_at_utc is null))
group by grid_no, scenario
order by grid_no, scenario
