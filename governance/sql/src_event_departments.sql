-- grain: one row per department text of the events in src_events
select distinct department from src_events where department is not null order by department
