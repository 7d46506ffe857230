-- grain: one row per class of delay and stage: overdue cases under the filters, also where there is none
-- a stage past disposal stands here only if a log skipped the disposal
with stages as (
    select * from (values
        (1, 'reported'), (2, 'registered'), (3, 'dispatched'), (4, 'accepted'), (5, 'disposed'), (6, 'verified')
    ) as stages (place, stage)
),
counted as (
    select overdue_age, stage, count(*) as cases
    from out_open
    where is_overdue
        and ($department = '' or department = $department)
        and ($scenario = '' or scenario = $scenario)
        and ($district = '' or level_1_id = $district)
    group by overdue_age, stage
)
select age.overdue_age, age.from_days, age.to_days, stages.stage, coalesce(counted.cases, 0)::bigint as cases,
    coalesce(sum(counted.cases) over (partition by age.overdue_age), 0)::bigint as all_stages
from meta_overdue_age as age
cross join stages
left join counted using (overdue_age, stage)
where stages.place <= 4 or stages.stage in (select stage from counted)
order by age.from_days, stages.place
