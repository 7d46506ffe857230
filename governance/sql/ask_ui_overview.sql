-- grain: one row for a large city: the picture that is seen from afar
select west, south, east, north, width_px, height_px, numbers from meta_overview
