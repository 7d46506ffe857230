-- grain: one row: the gzipped body of a shape
select body from meta_shape where name = $name
