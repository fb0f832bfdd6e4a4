"""No text where nothing is hidden: pictures without containers, and grids by the million."""
