-- grain: one row per grid that a list has wrongly: what was red on the Monday of its week is red, others are audits
-- today's own step is no Monday that is past, and on a Monday it does not make the list
with mondays as (
    select day from out_tier_step where day < (select max(day) from out_tier_step)
),
red as (
    select scenario, day as week, grid_no from out_tier_history semi join mondays using (day) where tier = 'red'
),
listed as (
    select scenario, week, grid_no, kind, sampling_probability
    from out_inspection semi join mondays on mondays.day = out_inspection.week
)
select scenario, week, grid_no, listed.kind
from red full join listed using (scenario, week, grid_no)
where (red.grid_no is not null) <> (coalesce(listed.kind, '') = 'red')
union all
select scenario, week, grid_no, kind
from out_inspection
where not (sampling_probability > 0 and sampling_probability <= 1)
