-- grain: one row per case and stretch in which one holder had it; to_utc is null while it lasts
with held as (
    select
        case_no, step, place, at_utc, reason_no, holder_no,
        lag(holder_no) over (partition by case_no order by step) as holder_before
    from stg_step
    where holder_no is not null
),
changed as (
    select * from held where holder_no is distinct from holder_before
),
stretched as (
    select
        case_no, holder_no, at_utc as from_utc, place as began_place,
        count(*) filter (where holder_no <> getvariable('nobody_no')) over in_time as stint,
        lead(at_utc) over in_time as to_utc,
        lead(place) over in_time as ended_place,
        lead(reason_no) over in_time as reason_no
    from changed
    window in_time as (partition by case_no order by step)
)
select case_no, stint::smallint as stint, holder_no, from_utc, to_utc, began_place, ended_place, reason_no
from stretched
where holder_no <> getvariable('nobody_no')
