-- grain: one row per closed case whose scenario has a recurrence rule, with the first new case at its place, if any
-- A new case counts when it is reported after the closing and less than within_days later; cancelled ones never do.
with closed as (
    select
        core_case.rowid as case_row, source, incident_id, scenario, coalesce(department, '~none') as department,
        grid_no, greatest(closed_at_utc, reported_at_utc) as closed_at_utc, place_key is not null as has_key,
        within_days,
        -- places in twenty groups by chance, so that cases of one place stay together (half_life.py)
        (hash(coalesce(place_key, grid_no::varchar, incident_id)) % 20)::tinyint as place_group
    from core_case join map_recurrence using (scenario)
    where stage <> 'cancelled' and reported_at_utc < $as_of_utc and closed_at_utc < $as_of_utc
),
found as (
    select case_row, next_row, 'place' as matched_by from mid_same_place where next_row is not null
    union all
    select case_row, next_row, 'distance' from mid_nearby
),
new_case as (
    select found.case_row, matched_by, source, incident_id, reported_at_utc
    from found join core_case on core_case.rowid = found.next_row
),
earliest as (
    -- the first field decides; the others make the choice among reports of one moment certain
    select case_row, min(struct_pack(
        at := reported_at_utc, is_far := matched_by = 'distance', source := source, incident_id := incident_id
    )) as first_new
    from new_case group by case_row
),
matched as (
    select closed.*, first_new, epoch_us(first_new.at - closed_at_utc) / 86400e6 as days
    from closed left join earliest using (case_row)
)
select
    source, incident_id, scenario, department,
    case when grid_no is null then '~unmatched' else coalesce(level_1_id, '') end as level_1_id,
    case when grid_no is null then '~unmatched' else coalesce(level_2_id, '') end as level_2_id,
    closed_at_utc, within_days, place_group,
    epoch_us($as_of_utc::timestamp - closed_at_utc) / 86400e6 as followed_days,
    first_new.source as recurred_source, first_new.incident_id as recurred_incident_id, days as days_to_recurrence,
    case first_new.is_far when true then 'distance' when false then 'place' end as matched_by,
    case when has_key then coalesce(reports_while_open, 0) end as reports_while_open
from matched
left join core_grid using (grid_no)
left join mid_same_place using (case_row)
