"""Here the database runs in the loop, and what is read from files is read before it."""

import pytest

from chimera.core import content


@pytest.fixture(scope="session", autouse=True)
def _material() -> None:
    content.load()


@pytest.fixture(autouse=True)
def _never_blocking() -> None:
    """The loop is a virtual one: nothing in it is blocked by anything."""
