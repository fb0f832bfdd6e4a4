"""Soft module values to a message, or to none: `reading` is the door.

In come (N, N) soft values; words are found for each block (`words`, `ordered`, `listed`), and
`verdict` accepts a message only with the evidence that `evidence` bounds.
"""
