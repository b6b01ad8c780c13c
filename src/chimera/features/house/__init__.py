"""What the operator chooses in the running house, and what it costs."""
