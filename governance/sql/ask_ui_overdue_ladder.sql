-- grain: one row per rung (share of the allowed time, level that answers) that a template has or a case stands on
-- rung_share null: open cases below the first rung; cases on no ladder (disposed, without limit or template) are absent
with rungs as (
    select distinct at_share as rung_share, level as call_level
    from meta_rung
    where ($scenario = '' or scenario = $scenario)
),
counted as (
    select rung_share, if(rung_share is null, null, call_level) as call_level, count(*) as cases
    from out_open
    where call_level is not null
        and ($department = '' or department = $department)
        and ($scenario = '' or scenario = $scenario)
        and ($district = '' or level_1_id = $district)
    group by all
)
select
    rung_share, call_level, coalesce(cases, 0)::bigint as cases,
    coalesce(sum(cases) over (partition by rung_share), 0)::bigint as rung_cases,
    coalesce(sum(cases) over (partition by rung_share) / sum(cases) over (), 0) as rung_part
from rungs full join counted using (rung_share, call_level)
order by rung_share desc nulls last, call_level desc
