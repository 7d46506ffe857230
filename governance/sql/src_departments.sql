-- grain: one row per department text, from the rows or from the event logs
select department as text from read_parquet(getvariable('placed_files')) where department is not null
union
select holder from src_reduced_events where holder is not null
union
select holder from mid_event_again where holder is not null
order by 1
