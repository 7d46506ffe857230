-- grain: one row; the newest usable report of all files
select max(last_reported_at_utc) as newest_report_at_utc from mid_file
