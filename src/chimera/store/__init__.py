"""The databases and everything written to them."""
