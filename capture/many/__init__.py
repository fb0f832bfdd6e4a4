"""Many photos: folders over all cores, videos and cameras, the evidence of several added up.

In come files or frames; out go results in the order given, or one answer for all.
"""
