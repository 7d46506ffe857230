-- grain: one row per state, whether the clock stood still, and kind of event that the procedure forbids there
-- the row whose kind is null counts all of them together: a case with two such events is one case
select
    state, is_paused, kind, count(*) as events, count(distinct (source, incident_id)) as cases
from core_illegal_move
group by grouping sets ((state, is_paused, kind), ())
order by kind is null, events desc, state, is_paused, kind
