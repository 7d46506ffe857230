-- grain: one row per thing that the map draws at once: its name and what it is
select part, name from meta_shape where part <> 'tile' order by part
