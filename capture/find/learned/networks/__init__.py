"""The two networks as functions of arrays, by torch or by ONNX Runtime.

In come prepared views and a weights file; out come maps, without a word on what they mean.
"""
