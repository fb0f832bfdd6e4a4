"""The hiding network as one loaded value: `revealer` is the face, NumPy in and NumPy out.

In comes a model's name or file, verified (`weights`); out comes a :class:`Revealer` that hides
and reveals at a distortion level (`condition`). `network` joins the parts of `riis_physical.flow`.
"""
