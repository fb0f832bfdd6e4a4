"""Containers without a border, by two small networks that have learned what they look like.

In comes a photo; out come places: the detector sees the whole photo on a small copy, the
close look finds the four sides of each place. `networks` runs them, `weights/` is what they
learned.
"""
