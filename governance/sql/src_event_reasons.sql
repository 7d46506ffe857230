-- grain: one row per reason text of the events in src_events
select distinct reason from src_events where reason is not null order by reason
