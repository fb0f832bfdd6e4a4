"""What the hiding network learns from: photographs, plain hosts, secrets and channel.

In come folders and a step's number; out comes the batch of that step, the same each time.
"""
