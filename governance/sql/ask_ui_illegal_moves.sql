-- grain: one row per state and kind of event that the procedure forbids there; the row without a kind is their total
select
    state, is_paused, kind, events, cases,
    cases / nullif((select sum(rows) from meta_location), 0) as share,
    (select sum(rows) from meta_location)::bigint as all_cases
from out_illegal_move
order by kind is null desc, events desc, state, is_paused, kind
