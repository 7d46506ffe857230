-- grain: one row per state and kind of event that the procedure forbids there; the row without a kind is their total
select state, is_paused, kind, events, cases from out_illegal_move
order by kind is null, events desc, state, is_paused, kind
