"""Points, planes and pixels: corners of a container in a photo, and the way between both.

In come corners and pictures; out go checked corners, overlaps, rectified frames and a known
picture registered to its photo. Nothing here knows of codes or networks.
"""
