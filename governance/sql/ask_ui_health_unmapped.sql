-- grain: one row per source and category text that falls in no scenario, the most frequent first
select source, category, rows from meta_unmapped order by rows desc, source, category limit $rows
