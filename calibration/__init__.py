"""Fitting how a camera sees: a chart to print, and the fit to photographs of it.

board describes and draws the chart, views finds its corners in photos and tells
which photos are of no use, camera fits matrix and distortion. The result is
riis_physical.camera.CameraProfile.
"""
