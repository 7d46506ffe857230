-- grain: one row per check
select name, failing_rows from meta_check order by name
