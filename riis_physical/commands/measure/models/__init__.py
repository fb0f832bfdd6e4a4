"""Commands that measure models: what is seen of them, their training, the paper's own use."""
