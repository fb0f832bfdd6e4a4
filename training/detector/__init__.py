"""Training of the learned detector: composites, targets, the loop."""
