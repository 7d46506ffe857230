-- grain: one row per grid whose label point lies in a box of degrees, with its polygon
select grid_no, geometry from core_grid
where lon between $west and $east and lat between $south and $north
order by grid_no
