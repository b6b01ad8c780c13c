"""Read what a start reads, once and outside any loop."""

import pytest

from chimera.core import content


@pytest.fixture(scope="session", autouse=True)
def _material() -> None:
    content.load()


@pytest.fixture(autouse=True)
def _never_blocking() -> None:
    """Here the database runs in the loop on purpose; elsewhere that would be an error."""
