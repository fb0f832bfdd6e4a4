"""Containers by their outline: a border, a sheet, a bezel.

In comes a photo; out come quadrilaterals scored by their edges, fitted to a fraction of a
pixel.
"""
