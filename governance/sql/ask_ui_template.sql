-- grain: one row: the template of one scenario as JSON
select template from meta_scenario where scenario = $scenario
