-- grain: one row per rule that the snapshot was checked against
select name, failing_rows from meta_check order by failing_rows desc, name
