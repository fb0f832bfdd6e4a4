"""How likely a message is before anything is seen: its structure, its lengths, its characters."""
