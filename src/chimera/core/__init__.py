"""Everything that is decided, computed without input or output."""
