"""How often containers read: whole captures, soft reading alone, visible codes, quality."""
