"""Pure tests: no event loop to watch, and no deadline that a busy machine could miss."""

import pytest
from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=60)
settings.load_profile("core")


@pytest.fixture(autouse=True)
def _never_blocking() -> None:
    """Nothing here runs in an event loop; the watch of `tests/conftest.py` is not needed."""
