"""Measuring a model over simulated captures, one small file for each idea."""
