-- grain: one row per feature that adds to a grid's forecast, the largest first
with grid as (
    select grid_no from core_grid where grid_id = $grid_id
)
select feature, value, contribution, coalesce(contribution / nullif(sum(contribution) over (), 0), 0) as share
from out_reason
where scenario = $scenario and grid_no = (select grid_no from grid)
order by contribution desc, feature
