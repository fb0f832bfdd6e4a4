"""Trained networks to ONNX files that read without torch: `export` is the door.

In come released weights; out come .onnx files and NAME.onnx.json beside them. `graphs` says
which networks a model has, `compact` stores their kernels as small as they were.
"""
