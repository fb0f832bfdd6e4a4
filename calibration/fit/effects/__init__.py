"""One effect of print, light or camera a file, as photos of the chart show it.

In come the chart's patches, edges and dots in one photo or several; out come the parameters
that `riis_physical.channel` applies.
"""
