"""One step of training: hide, channel, reveal, losses, and the rates of learning at a time.

In comes a batch; out come losses and figures, with nothing kept from one step to the next.
"""
