"""Chimera: a live theatre of AI minds."""

__version__ = "0.1.0"
