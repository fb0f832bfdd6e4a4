"""How strongly a message must be hidden so that captures read: `least` is the door.

In come a host's residual, fixed draws of the channel (`draws`) and what a message needs (`need`);
out comes the least strength for a rate, found from information or by counting (`target_rate`).
"""
