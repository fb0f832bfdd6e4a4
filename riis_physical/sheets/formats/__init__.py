"""A sheet's pixels to files: PDF, tiles, pictures, web pages, screens."""
