"""The paper's own measurements: which models its tables compare, trained, measured, summed up.

models -> training what is missing -> pictures, files distorted -> records -> figures
"""
