"""How strongly a message must be hidden so that captures read: `least` is the door.

In come a host's residual, fixed draws of the channel (`draws`) and what a message needs (`need`);
out comes the least strength for a rate, from the information in the draws.
"""
