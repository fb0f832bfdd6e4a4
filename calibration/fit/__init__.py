"""What photos of the chart tell of a printer or screen and a camera, one part a file."""
