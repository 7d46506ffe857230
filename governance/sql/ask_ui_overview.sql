-- grain: one row for a large city: its overview, and how its tiles are named
select west, south, east, north, width_px, height_px, numbers, tiles, tile_zoom, seen_from_zoom from meta_overview
