-- grain: one row per input file
select source, file, read, accepted, quarantined, duplicate, last_reported_at_utc from meta_file order by source, file
