"""`chimera keys`: which keys of providers there are, and a new house key for the stored ones."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from chimera.cli.options import AsJson, DataDir, settings_in
from chimera.cli.providers import in_a_word
from chimera.core.errors import ChimeraError, Invalid
from chimera.core.ids import rfc3339
from chimera.settings import Settings

if TYPE_CHECKING:
    from chimera.app.sealed import Setup
    from chimera.store.vault import Vault

app = typer.Typer(help="Keys of providers, and the key that seals them.", no_args_is_help=True)

#: How long a running house may take to notice a new key and to wrap everything with it.
_PATIENCE_S = 60.0
_LOOK_AGAIN_S = 0.2


@app.command("list")
def list_keys(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every key of a provider: where it comes from, how it ends, whether it is used."""
    # The engine is the slowest import we have; whoever asks for help does not need it.
    from chimera.app.sealed import read_setup  # noqa: PLC0415 – as slow as the engine

    setup = asyncio.run(read_setup(settings_in(data_dir)))
    rows = [_row(setup, name) for name in setup.names]
    found = [row for row in rows if row is not None]
    if as_json:
        for row in found:
            print(json.dumps(row))
        return
    if not found:
        print("There is no key: nothing is set and nothing is stored.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("provider", "key", "fingerprint", "sealed with", "set"):
        table.add_column(title)
    for row in found:
        told = ("fingerprint", "sealed_with", "set_at")
        table.add_row(row["provider"], row["told"], *(row[name] or "–" for name in told))
    Console().print(table)


def _row(setup: "Setup", name: str) -> dict[str, Any] | None:
    key = setup.card(name, lambda _: None).credential
    if key is None:
        return None
    stored = setup.found.of(name)
    sealed = stored.sealed if stored else None
    return {
        "provider": name, "source": key.source, "last4": key.last4, "count": key.count,
        "fingerprint": key.fingerprint, "disabled_because": key.disabled_because,
        "sealed_with": sealed["kid"] if sealed else None,
        "set_at": None if key.set_at is None else rfc3339(key.set_at), "told": in_a_word(key),
    }  # fmt: skip


@app.command("rotate")
def rotate_keys(data_dir: DataDir = None) -> None:
    """Make a new house key, wrap every stored key with it, and retire the old one.

    It may run beside an open house, and may be broken off and run again.
    """
    from chimera.app.sealed import vault_of  # noqa: PLC0415 - with the engine

    settings = settings_in(data_dir)
    vault = vault_of(settings)
    ring = vault.load()
    if ring is None:
        raise Invalid("There is no house key yet: none was ever needed here.")
    if vault.path is None and len(ring.keys) == 1:
        raise Invalid(
            "The house key comes from CHIMERA_SECURITY__KEK. Put a new one before it, parted by a"
            " comma, restart Chimera, and run this again."
        )
    if vault.path is not None:
        ring = vault.add()
    done = asyncio.run(_rewrap(settings, vault))
    print(f"{done} Stored keys are sealed with {ring.current.kid}.")
    if vault.path is None:
        print("The other keys can be taken out of CHIMERA_SECURITY__KEK.")


async def _rewrap(settings: Settings, vault: "Vault") -> str:
    """Wrap everything, or let the house that is open do so; says which."""
    from chimera.app.sealed import open_store, rewrap_all  # noqa: PLC0415 - with the engine
    from chimera.app.system import Occupied  # noqa: PLC0415 - with the engine

    try:
        async with open_store(settings) as store:
            number = await rewrap_all(store, vault)
            return f"{number} wrapped anew."
    except Occupied:
        await _wait_for_house(vault)
        return "The open house did it."


async def _wait_for_house(vault: "Vault") -> None:
    if vault.path is None:
        raise Invalid("Stop Chimera first: it has the database.")
    for _ in range(round(_PATIENCE_S / _LOOK_AGAIN_S)):
        ring = await asyncio.to_thread(vault.load)
        if ring is None or len(ring.keys) == 1:
            return
        await asyncio.sleep(_LOOK_AGAIN_S)
    raise ChimeraError(
        "The new key is in the file, but the open house has not wrapped everything with it."
        " Its log says why; it goes on trying."
    )
