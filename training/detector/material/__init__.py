"""What the detector learns from: containers, and composites of them with ordinary pictures.

In come photographs; out come stored composites with the truth about them.
"""
