-- grain: one row per incident that an event log speaks of
select * from mid_case_event
