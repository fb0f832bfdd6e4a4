"""Commands that make containers, sheets and simulated photos of them."""
