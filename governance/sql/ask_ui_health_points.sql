-- grain: one row per source and exact point that holds suspiciously many cases
select source, lon, lat, rows, share from meta_suspicious_point order by rows desc, source
