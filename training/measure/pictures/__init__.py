"""The product for pictures, measured on files: what comes back, and where edits show."""
