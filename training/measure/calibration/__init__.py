"""How well calibration recovers what is known, and what a profile gains in reading."""
