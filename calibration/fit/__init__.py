"""What photos of the chart tell of a printer or screen and a camera: `fit` is the door.

In come photos of the chart; `effects` tells each effect, `photo` all of one photo, `ranges` what
several have in common. Out come a device profile and a report.
"""
