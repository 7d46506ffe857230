-- grain: one row per closed case of mid_shared_place, with the first case reported there in its rule's days, if any
-- reports_while_open: what was reported there after the case itself, up to its closing
with closed as (
    select * from mid_shared_place where closed_at_utc is not null
),
firsts as (
    select case_row, scenario, place_key, reported_at_utc, number from mid_shared_place where is_first
)
select
    closed.case_row,
    case when firsts.reported_at_utc < closed_at_utc + to_days(within_days) then firsts.case_row end as next_row,
    coalesce(firsts.number - 1, closed.cases) - closed.number as reports_while_open
from closed
asof left join firsts
    on firsts.scenario = closed.scenario and firsts.place_key = closed.place_key
    and closed.closed_at_utc < firsts.reported_at_utc
