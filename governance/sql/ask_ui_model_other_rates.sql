-- grain: one row per other scenario that speaks for the scenario, the largest rate first, $rows at most
select rate.key as other, rate.value::double as rate, count(*) over () as all_rows
from meta_model, json_each(model -> '$.other_rates') as rate
where scenario = $scenario
order by rate.value::double desc, rate.key
limit $rows
