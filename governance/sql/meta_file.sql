-- grain: one row per input file; read = accepted + quarantined + duplicate
select 'incidents' as content, * from mid_incident_account
union all
select 'events' as content, * from mid_event_account
order by source, content desc, file
