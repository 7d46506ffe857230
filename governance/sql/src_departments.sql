-- grain: one row per department text of the rows, and per department id that the logs were told with
select department as text from read_parquet(getvariable('placed_files')) where department is not null
union
select unnest([first_department, last_department]) from src_trace where first_department <> '~none'
union
select holder from src_timed_stint where holder not in ('~desk', '~check', '~none')
union
select from_department from src_handover where from_department not in ('~desk', '~none')
union
select department from src_extension where department not in ('~desk', '~none')
order by 1
