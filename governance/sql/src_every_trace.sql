-- grain: one row per incident that an event log speaks of, in the range of ids that the build asks for
select * from src_trace
where (getvariable('first_id') is null or incident_id >= getvariable('first_id')::varchar)
    and (getvariable('end_id') is null or incident_id < getvariable('end_id')::varchar)
