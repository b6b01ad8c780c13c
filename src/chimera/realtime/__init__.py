"""Fan-out of frames to whoever listens."""
