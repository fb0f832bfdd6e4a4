"""What print, screen, light and camera do to a picture, one effect a file.

In come pictures and sampled parameters; out come pictures, differentiable, with nothing drawn.
"""
