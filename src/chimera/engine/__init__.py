"""Turns, and the journal that is the only door to a log."""
