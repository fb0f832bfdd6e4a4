"""Soft module values to a message, or to none: `reading` is the door.

In come (N, N) soft values; `blocks` finds words, `listed` looks through a list, and `verdict`
accepts a message only with the evidence that `evidence` bounds.
"""
