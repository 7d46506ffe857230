-- grain: one row per scenario, scene, sender, receiver and reason: cases of the last 365 days that were handed over
select * from out_dispute
where $scenario::varchar is null or scenario = $scenario
order by cases desc, scenario, scene, from_department, to_department, reason
