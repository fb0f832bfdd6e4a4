"""Commands that measure captures: what reads, what is found, and what must never come back."""
