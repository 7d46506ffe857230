-- grain: one row per case: its working time by kind of holder, over the stretches that are over, and who holds it now
select
    case_no,
    (sum(to_work_s - from_work_s) filter (where holder_no = getvariable('desk_no')))::bigint as desk_work_s,
    (sum(to_work_s - from_work_s) filter (where holder_no = getvariable('check_no')))::bigint as check_work_s,
    (sum(to_work_s - from_work_s) filter (where holder_no >= 0))::bigint as held_work_s,
    coalesce(
        min(holder_no) filter (where holder_no >= 0) < max(holder_no) filter (where holder_no >= 0), false
    ) as is_shared,
    arg_min(holder_no, stint) = getvariable('desk_no') as is_desk_first,
    min(from_utc) as first_held_at_utc,
    min(from_work_s) as first_work_s,
    any_value(holder_no) filter (where to_utc is null) as holder_no,
    any_value(from_utc) filter (where to_utc is null) as holder_since_utc,
    any_value(from_work_s) filter (where to_utc is null) as holder_since_work_s
from stg_worked_stint
group by case_no
