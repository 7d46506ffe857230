-- grain: one row per input file and rule broken
select source, file, code, severity, rows from meta_file_reason order by source, file, code
