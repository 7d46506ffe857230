-- grain: one row: the model of a scenario and the day whose next 28 days it foretells
select model, (select max(day) from out_tier_step) as as_of_day from meta_model where scenario = $scenario
