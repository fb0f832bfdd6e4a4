"""Picture files and arrays: what comes in, what goes out.

path -> opening (header checks) -> bounds (what decoding takes) -> load -> uint8 RGB
uint8 RGB -> save -> path
"""
