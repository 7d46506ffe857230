-- grain: one row per scenario with the template that judges it in the whole city
select scenario, template from meta_template
where district is null and ($scenario::varchar is null or scenario = $scenario)
order by scenario
