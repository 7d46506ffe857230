-- grain: one row: how the tiles of polygons are named, where they lie and from which zoom on they are seen
select west, south, east, north, tiles, tile_zoom, seen_from_zoom from meta_tiles
