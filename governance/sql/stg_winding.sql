-- grain: one row per case that did not go straight from the desk to one department and from there to its end
-- Of the others the hours by kind of holder say it all. These went back, broke the procedure (then their holders may
-- come in any order), or were in more than one pair of hands: a department without a name is one of its own.
select case_no from stg_told_event where returns > 0 or reopenings > 0
union
select case_no from stg_told_stint where is_shared
union
select case_no from stg_illegal_move
