"""The calibration chart: what is on it, how it is drawn, and where a photo shows it."""
