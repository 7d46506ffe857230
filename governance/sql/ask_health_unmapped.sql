-- grain: one row per source and category text in no scenario
select source, category, rows from meta_unmapped order by rows desc, source, category
