-- grain: one row per stage with overdue cases
select stage, count(*) as cases from out_overdue group by stage order by cases desc, stage
