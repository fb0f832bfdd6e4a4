"""Fitting a profile of one printer, paper and camera. Nothing is fitted yet."""
