"""Measuring, one folder for each question; `common` hides, photographs, scans and judges for all.

In come a model, pictures and a seed; out comes one JSON file with every figure, its interval and
where it was made. Whoever stops a measurement goes on with the same command.
"""
