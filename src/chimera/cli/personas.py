"""`chimera personas`: who can be cast, and personas as files."""

import asyncio
import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from chimera.cli.options import AsJson, DataDir
from chimera.core.errors import Invalid
from chimera.settings import load_settings

if TYPE_CHECKING:
    from chimera.api.deps import House
    from chimera.features.personas.service import Castable
    from chimera.store.database import Work

app = typer.Typer(help="The characters that can be cast.", no_args_is_help=True)
Persona = Annotated[str, typer.Argument(metavar="ID", help="An id or a slug.")]

Result = TypeVar("Result")


def _in_house(data_dir: Path | None, unit: "Callable[[Work, House], Result]") -> Result:
    """Do one piece of work in the house's database; not beside a house that has it open."""
    # The engine is the slowest import we have; whoever asks for help does not need it.
    from chimera.app import create_house, open_parts  # noqa: PLC0415 – as slow as the engine
    from chimera.core.events import HOST  # noqa: PLC0415 – as slow as the engine

    given = {} if data_dir is None else {"data_dir": data_dir}
    settings = load_settings(server=given, providers={"discover": False})

    async def inside() -> Result:
        async with open_parts(settings, plans={}) as parts:
            house = create_house(parts, hosts=frozenset())
            return await parts.store.work(HOST, lambda work: unit(work, house))

    return asyncio.run(inside())


def _find(work: "Work", house: "House", persona: str) -> "Castable":
    from chimera.features.personas import service  # noqa: PLC0415 - with the engine

    return service.find(work.connection, house, persona)


@app.command("list")
def list_personas(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The house's personas, then your own."""

    def look(work: "Work", house: "House") -> "list[Castable]":
        from chimera.features.personas import service  # noqa: PLC0415 - with the engine

        return service.everybody(work.connection, house)

    table = Table(box=None, pad_edge=False)
    for title in ("persona", "name", "version", "about"):
        table.add_column(title)
    for each in _in_house(data_dir, look):
        persona = each.persona
        if as_json:
            fields = {"id": each.id, "slug": persona.slug, "name": persona.name}
            print(json.dumps(fields | {"own": each.kept is not None, "version": each.version}))
        version = "–" if each.version is None else str(each.version)
        table.add_row(persona.slug, persona.name, version, persona.tagline)
    if not as_json:
        Console().print(table)


@app.command("show")
def show_persona(persona: Persona, data_dir: DataDir = None) -> None:
    """One persona: who it is, how it talks, what moves it."""
    card = _in_house(data_dir, lambda work, house: _find(work, house, persona)).persona
    print(f"{card.name} ({card.slug})\n{card.tagline}\n\n{card.about}\n\n{card.voice}\n")
    for name, entries in (("never", card.forbidden), ("habits", card.habits)):
        for each in entries:
            print(f"{name}: {each}")
    for each in card.sample_lines:
        print(f"“{each}”")
    traits = card.traits.model_dump(exclude_none=True)
    print(", ".join(f"{name} {value:g}" for name, value in traits.items()))


@app.command("import")
def import_persona(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON, or a PNG with a card.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Keep the persona of a file: our own JSON, or a character card (V2 or V3; JSON or PNG)."""
    from chimera.api.errors import InvalidFields  # noqa: PLC0415 - with the engine
    from chimera.cli.playing import in_words  # noqa: PLC0415 - with the engine
    from chimera.features.personas import cards, service  # noqa: PLC0415 - with the engine

    try:
        found = cards.read(_wanted(file))
        kept = _in_house(data_dir, lambda work, house: service.create(work, house, found.persona))
    except InvalidFields as error:
        raise in_words(error) from None
    if as_json:
        print(json.dumps({"id": kept.id, "slug": kept.slug, "dropped": list(found.dropped)}))
        return
    print(f"{kept.name} can be cast as {kept.slug}.")
    if found.dropped:
        print(f"Not taken over: {', '.join(found.dropped)}.", file=sys.stderr)


def _wanted(file: Path) -> Any:
    from chimera.api.strict import parse  # noqa: PLC0415 - with the engine
    from chimera.features.personas.schemas import ImportPersona  # noqa: PLC0415 - with the engine

    try:
        data = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from None
    if data.startswith(b"\x89PNG"):
        encoded = base64.b64encode(data).decode()
        return ImportPersona(png=f"data:image/png;base64,{encoded}")
    card = parse(data)
    if not isinstance(card, dict):
        raise Invalid(f"{file} holds no persona.")
    return ImportPersona(card=card)  # pyright: ignore[reportUnknownArgumentType] - any JSON object


@app.command("export")
def export_persona(
    persona: Persona,
    form: Annotated[
        Literal["json", "card_v2", "card_v3", "card_v2_png", "card_v3_png"],
        typer.Option("--format", help="Which kind of file."),
    ] = "json",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there; absent: print it.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """A persona as a file: our own JSON, which loses nothing, or a character card."""
    from chimera.features.personas import cards  # noqa: PLC0415 - with the engine

    if out is None and form in cards.PICTURES and sys.stdout.isatty():
        raise Invalid("A picture cannot be shown here. Name a file with --out.")
    found = _in_house(data_dir, lambda work, house: _find(work, house, persona))
    data = cards.write(found.persona, form)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Invalid(f"{out} cannot be written: {error.strerror}.") from None
