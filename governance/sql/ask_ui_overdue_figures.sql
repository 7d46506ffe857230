-- grain: one row: open cases under the filters; department '' means all, else the one that is responsible
-- held_cases, came_from_others_cases: of those that lie with the department now, whoever is responsible
with chosen as (
    select * from out_open
    where ($scenario = '' or scenario = $scenario) and ($district = '' or level_1_id = $district)
),
held as (
    select
        count(*) as held_cases,
        count(*) filter (list_contains(worklists, 'came_from_others')) as came_from_others_cases
    from chosen
    where holder not in ('~desk', '~check') and ($department = '' or holder = $department)
)
select
    (select held_cases from held) as held_cases,
    (select came_from_others_cases from held) as came_from_others_cases,
    count(*) as open_cases,
    count(*) filter (holder = '~desk') as desk_cases,
    count(*) filter (holder = '~check') as check_cases,
    count(*) filter (list_contains(worklists, 'due_today')) as due_today_cases,
    count(*) filter (list_contains(worklists, 'near_due')) as near_due_cases,
    count(*) filter (list_contains(worklists, 'overdue')) as overdue_cases,
    count(*) filter (list_contains(worklists, 'seriously_overdue')) as seriously_overdue_cases,
    count(*) filter (list_contains(worklists, 'not_accepted')) as not_accepted_cases,
    count(*) filter (list_contains(worklists, 'late_to_accept')) as late_to_accept_cases,
    count(*) filter (list_contains(worklists, 'paused')) as paused_cases,
    count(*) filter (list_contains(worklists, 'awaiting_check')) as awaiting_check_cases,
    count(*) filter (list_contains(worklists, 'late_to_verify')) as late_to_verify_cases,
    count(*) filter (call_level is null) as off_ladder_cases,
    count(*) filter (is_overdue and level_1_id = '~unmatched') as unmatched_overdue_cases,
    count(*) filter (is_overdue) / nullif(count(*), 0) as overdue_share,
    median(age_hours) / 24 as median_age_days,
    avg(overdue_hours) filter (is_overdue) / 24 as mean_overdue_days
from chosen
where $department = '' or department = $department
