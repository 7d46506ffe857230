-- grain: one row per holder with dispatched cases that it has not accepted: how many, for how many days
select
    holder, count(*) as waiting, count(*) filter (where is_late_to_accept) as late,
    count(*) filter (where held_days > 1) as over_1_day, count(*) filter (where held_days > 3) as over_3_days,
    count(*) filter (where held_days > 7) as over_7_days, max(held_days) as longest_days,
    sum(count(*)) over ()::bigint as all_waiting,
    sum(count(*) filter (where is_late_to_accept)) over ()::bigint as all_late
from out_open
where scenario = $scenario and stage = 'dispatched'
    and ($level = 0 or ($level = 1 and level_1_id = $unit_id) or ($level = 2 and level_2_id = $unit_id))
group by holder
order by waiting desc, holder
