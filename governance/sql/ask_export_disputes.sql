-- grain: one row per scenario, template version, scene, sender, receiver and reason: cases handed over, last 365 days
select * from out_dispute
where $scenario::varchar is null or scenario = $scenario
order by cases desc, scenario, template_version, scene, from_department, to_department, reason
