"""A house of its own in which many talks are played on virtual time, measured and compared."""
