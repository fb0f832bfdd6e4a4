"""Photos as people take and send them, each kind by itself: how many read, and what they cost."""
