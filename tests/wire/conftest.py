"""Recordings of real traffic are read where they lie; without them their tests do not exist."""

from wire_reading import RECORDINGS

collect_ignore = [] if RECORDINGS.is_dir() else ["test_recordings.py"]
