"""Grid polygons: read, repaired, covered by cells; points joined to them, and which grids are neighbours."""
