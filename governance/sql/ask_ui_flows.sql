-- grain: one row per sender and receiver: hand-overs of the last 365 days, those back the other way, and their reasons
with chosen as (
    select from_department, to_department, reason, sum(events)::bigint as events
    from out_handover
    where scenario = $scenario and ($district = '' or level_1_id = $district) and ($kind = '' or kind = $kind)
    group by from_department, to_department, reason
),
pairs as (
    select
        from_department, to_department, sum(events)::bigint as events,
        array_agg(struct_pack(reason := reason, events := events) order by events desc, reason)
            filter (where reason <> '') as reasons
    from chosen
    group by from_department, to_department
)
select
    pairs.from_department, pairs.to_department, pairs.events, pairs.reasons[1:3] as reasons,
    coalesce(back.events, 0) as back_events, sum(pairs.events) over ()::bigint as all_events,
    pairs.events / sum(pairs.events) over () as share,
    sum(pairs.events) over largest_first / sum(pairs.events) over () as share_so_far
from pairs
left join pairs as back
    on back.from_department = pairs.to_department and back.to_department = pairs.from_department
        and back.from_department <> back.to_department
window largest_first as (
    order by pairs.events desc, pairs.from_department, pairs.to_department rows unbounded preceding
)
order by pairs.events desc, pairs.from_department, pairs.to_department
