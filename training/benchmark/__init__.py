"""Measuring the capture side: what is found, and what reads, as captures get harder."""
