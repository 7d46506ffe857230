-- grain: one row per case that went from one department to another: how often, and whether straight back
select case_no, count(*) as hops, bool_or(is_back) as is_ping_pong
from (
    select
        case_no, coalesce(unit_no = lag(unit_before) over (partition by case_no order by step), false) as is_back
    from stg_step where is_hop
)
group by case_no
