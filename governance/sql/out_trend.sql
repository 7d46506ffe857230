-- grain: one row per unit (levels 0 to 2), scenario and local week (Monday) with any report or closing
-- level 1 has '~unmatched' for the cases that lie in no grid
select 0 as level, '' as unit_id, scenario, week_start, sum(reports)::integer as reports, sum(closed)::integer as closed
from mid_town_week group by all
union all
select 1, level_1_id, scenario, week_start, sum(reports)::integer, sum(closed)::integer
from mid_town_week where level_1_id is not null group by all
union all
select 2, level_2_id, scenario, week_start, sum(reports)::integer, sum(closed)::integer
from mid_town_week where level_2_id is not null group by all
union all
select 1, '~unmatched', scenario, week_start, sum(reports)::integer, sum(closed)::integer
from mid_town_week where is_unmatched group by all
order by 1, 2, 3, 4
