"""Commands in a folder of their own."""

from pathlib import Path

import pytest

from processes import Commands


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)
