"""What the map draws, made once per build as bytes for the browser: polygons, outlines, letters, an overview."""
