"""The capture side: from a photograph back to the hidden message.

detect finds quadrilaterals, rectify warps them onto the model's grid, probe
asks the network which of them hold a code, scan puts it together.
"""
