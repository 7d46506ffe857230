-- grain: one row per incident that an event log speaks of
select * from src_trace
