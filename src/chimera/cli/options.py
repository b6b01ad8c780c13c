"""Options that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

from chimera.settings import Settings, load_settings

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the embedded database.")]


def settings_in(data_dir: Path | None) -> Settings:
    """The settings, for the house in that folder."""
    return load_settings(server={} if data_dir is None else {"data_dir": data_dir})
