"""What the house learns from votes: variants of personas, and experiments with set-ups."""
