"""`chimera providers`: which there are, whether they answer, what they have, one answer to try."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from chimera.cli.options import AsJson, DataDir, settings_in
from chimera.core.errors import Invalid, NotFound, ProviderError, UnknownModel
from chimera.core.generation import (
    Chunk,
    Fetches,
    Finish,
    GenerationRequest,
    ImagePart,
    Progress,
    PromptMessage,
    Reasoning,
    Text,
    TextPart,
    UsageReport,
)
from chimera.settings import ServiceSettings, Settings

if TYPE_CHECKING:
    from chimera.api.deps import KeyCard
    from chimera.app.models import Models
    from chimera.app.sealed import Setup

app = typer.Typer(help="The services that run models.", no_args_is_help=True)


def _with_models(
    settings: Settings,
    work: "Callable[[Models, Setup], Awaitable[None]]",
    *,
    given: str | None = None,
) -> None:
    """Work with every provider that is set; `given`: the one that options of the command set."""
    # The engine is the slowest import we have; whoever asks for help does not need it.
    from chimera.app.models import build_models  # noqa: PLC0415 – as slow as the engine
    from chimera.app.sealed import read_setup  # noqa: PLC0415 – as slow as the engine
    from chimera.app.system import SystemClock  # noqa: PLC0415 – as slow as the engine

    async def inside() -> None:
        setup = await read_setup(settings, but=given)
        models = build_models(settings, SystemClock(), setup.plans())
        try:
            await work(models, setup)
        finally:
            await models.gateway.close()

    asyncio.run(inside())


@app.command("list")
def list_providers(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every provider that is set or found on this machine."""

    async def work(models: "Models", setup: "Setup") -> None:
        await models.catalog.refresh()
        table = Table(box=None, pad_edge=False)
        for title in ("name", "state", "models", "key", "address"):
            table.add_column(title)
        cards = {name: setup.card(name, models.roster.disabled) for name in setup.names}
        for each in models.directory.known():
            state = {True: "ready", False: "away", None: "not asked"}[each.ready]
            card = cards.get(each.name)
            key = card.credential if card else None
            if as_json:
                fields = {"name": each.name, "state": state, "models": len(each.models)}
                fields |= {"base_url": each.base_url, "detail": each.detail}
                print(json.dumps(fields | {"key": _key_fields(key)}))
            table.add_row(
                each.name, state, str(len(each.models)), in_a_word(key), each.base_url or ""
            )
        if not as_json:
            Console().print(table)

    _with_models(settings_in(data_dir), work)


def in_a_word(key: "KeyCard | None") -> str:
    """Where a key comes from, how it ends, and why it is not used."""
    if key is None:
        return "–"
    more = f" and {key.count - 1} more" if key.count > 1 else ""
    why = f", {key.disabled_because}" if key.disabled_because else ""
    return f"{key.source} …{key.last4}{more}{why}"


def _key_fields(key: "KeyCard | None") -> dict[str, Any] | None:
    if key is None:
        return None
    names = ("source", "last4", "fingerprint", "count", "disabled_because")
    return {name: getattr(key, name) for name in names}


@app.command("check")
def check_provider(
    name: Annotated[str | None, typer.Argument(help="One provider; all without it.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Ask each for something free; the exit status is 1 if one does not answer."""
    from chimera.app.keys import ask_all, summed  # noqa: PLC0415 - with the engine

    failed: list[str] = []

    async def work(models: "Models", setup: "Setup") -> None:
        names = [name] if name else [each.name for each in models.directory.known()]
        for each in names:
            keyed = models.roster.keyed(each)
            if not keyed:
                raise NotFound(_missing(each, models, setup))
            health = summed(keyed, await ask_all(keyed))
            if not health.ok:
                failed.append(each)
            if as_json:
                fields = {"name": each, "ok": health.ok, "code": health.code}
                print(json.dumps(fields | {"detail": health.detail}))
            else:
                print(f"{'✓' if health.ok else '✗'} {each}: {health.detail or 'answers'}")

    _with_models(settings_in(data_dir), work)
    if failed:
        raise typer.Exit(1)


def _missing(name: str, models: "Models", setup: "Setup") -> str:
    """Why a provider cannot be asked."""
    known = ", ".join(models.roster)
    if name in setup.names:
        return f"The provider {name} has neither key nor address; there are {known}."
    return f"There is no provider {name!r} that could be asked; there are {known}."


@app.command("limits")
def limit_provider(
    name: str,
    requests_per_minute: Annotated[int | None, typer.Option(min=0, help="0: no limit.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(min=0, help="0: no limit.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=0, max=256, help="Calls at once; 0: no limit.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what each key of a provider may be asked for, or change it."""
    from chimera.app.sealed import limit, read_setup  # noqa: PLC0415 - with the engine

    settings = settings_in(data_dir)
    given = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "concurrency": concurrency,
    }
    wanted = {field: value or None for field, value in given.items() if value is not None}

    async def work() -> dict[str, int | None]:
        if name not in settings.providers.order:
            known = ", ".join(settings.providers.order)
            raise NotFound(f"There is no provider {name!r} to be set; there are {known}.")
        if wanted:
            await limit(settings, name, wanted)
        return asdict((await read_setup(settings)).card(name, lambda _: None).limits)

    limits = asyncio.run(work())
    if as_json:
        print(json.dumps({"name": name} | limits))
        return
    for field, value in limits.items():
        print(f"{field.replace('_', ' ')}: {'no limit' if value is None else f'{value:,}'}")


@app.command("models")
def list_models(name: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The models of one provider."""

    async def work(models: "Models", _: "Setup") -> None:
        for model in await models.directory.models(name):
            if as_json:
                fields = {"id": model.id, "context": model.context, "loaded": model.loaded}
                prices = {"input_price": model.input_price, "output_price": model.output_price}
                print(json.dumps(fields | prices))
            else:
                print(model.id)

    _with_models(settings_in(data_dir), work)


@app.command("try")
def try_provider(
    name: str,
    model: Annotated[str | None, typer.Option(help="Default: the provider's own.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address up to /v1.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="Variable that holds the key.")] = None,
    prompt: Annotated[str, typer.Option()] = "Say hello to the audience in one sentence.",
    image: Annotated[Path | None, typer.Option(help="A picture to show with it.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Stream one answer to the terminal."""
    parts = (TextPart(prompt), *([_picture(image)] if image else []))
    settings = settings_for(name, base_url=base_url, api_key_env=api_key_env, data_dir=data_dir)

    async def work(models: "Models", setup: "Setup") -> None:
        provider = models.roster.provider(name)
        if provider is None:
            raise NotFound(_missing(name, models, setup))
        await models.catalog.refresh()
        chosen = model or models.directory.default_model(name)
        if chosen is None:
            raise Invalid(f"{name} has no default model; name one with --model.")
        request = GenerationRequest(
            model=chosen,
            system="You answer briefly.",
            messages=(PromptMessage("others", parts),),
        )
        try:
            async for chunk in provider.stream(request):
                _print(chunk, as_json=as_json)
        except UnknownModel as error:
            raise UnknownModel(error.message + _hint(models, name, chosen)) from None

    try:
        _with_models(settings, work, given=name if base_url or api_key_env else None)
    except ProviderError as error:
        _fail(error, as_json=as_json)


@app.command("pull")
def pull_model(name: str, model: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Have a server of this machine fetch a model; Ctrl-C ends it, and the next try goes on."""

    async def work(models: "Models", setup: "Setup") -> None:
        provider = models.roster.provider(name)
        if provider is None:
            raise NotFound(_missing(name, models, setup))
        if not isinstance(provider, Fetches):
            raise Invalid(f"{name} cannot fetch models; Ollama can.")
        async with aclosing(provider.pull(model)) as told:
            await (_progress_lines(told) if as_json else _progress_bar(told, model))

    try:
        _with_models(settings_in(data_dir), work)
    except ProviderError as error:
        _fail(error, as_json=as_json)


async def _progress_lines(told: AsyncIterator[Progress]) -> None:
    async for each in told:
        print(json.dumps({"type": "progress"} | asdict(each)), flush=True)


async def _progress_bar(told: AsyncIterator[Progress], model: str) -> None:
    from rich import progress  # noqa: PLC0415 - for this one command

    columns = (
        progress.TextColumn("{task.description}"), progress.BarColumn(),
        progress.DownloadColumn(), progress.TransferSpeedColumn(),
    )  # fmt: skip
    with progress.Progress(*columns) as bar:
        task = bar.add_task(model, total=None)
        async for each in told:
            about = f"{model}: {each.status}"
            bar.update(task, description=about, completed=each.completed or 0, total=each.total)


def _fail(error: ProviderError, *, as_json: bool) -> NoReturn:
    """Say what went wrong, for people or for programs."""
    fields: dict[str, Any] = {"type": "error", "code": error.code, "message": error.message}
    fields["retry_after"] = error.details.get("retry_after")
    print(json.dumps(fields) if as_json else f"\n{error.code}: {error.message}")
    raise typer.Exit(1) from None


def _hint(models: "Models", name: str, model: str) -> str:
    nearest = models.catalog.nearest(name, model)
    return f" – most like it are {', '.join(nearest)}" if nearest else ""


def _picture(path: Path) -> ImagePart:
    """The picture in a file, made small as one of a viewer's would be."""
    from chimera.features.conversations import pictures  # noqa: PLC0415 – as slow as the engine

    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
    return ImagePart(pictures.MEDIA_TYPE, pictures.redrawn(data, path="--image").data)


def settings_for(
    name: str,
    *,
    base_url: str | None,
    api_key_env: str | None,
    data_dir: Path | None = None,
) -> Settings:
    """The settings with one provider's address and key given on the command line."""
    settings = settings_in(data_dir)
    if base_url is None and api_key_env is None:
        return settings
    settable = set(type(settings.providers).model_fields) - {"discover", "order", "plugins"}
    if name not in settable:
        raise Invalid(f"{name} has no address to set; use: compatible.")
    given = getattr(settings.providers, name)
    if not isinstance(given, ServiceSettings):
        raise Invalid(f"{name} has no address to set; use: compatible.")
    key = given.api_key
    if api_key_env is not None:
        if api_key_env not in os.environ:
            raise Invalid(f"The variable {api_key_env} is not set.")
        key = SecretStr(os.environ[api_key_env])
    fresh = given.model_copy(update={"base_url": base_url or given.base_url, "api_key": key})
    providers = settings.providers.model_copy(update={name: fresh})
    return settings.model_copy(update={"providers": providers})


def _print(chunk: Chunk, *, as_json: bool) -> None:
    match chunk:
        case Text(text):
            fields: dict[str, Any] = {"type": "text", "text": text}
        case Reasoning(text):
            fields = {"type": "reasoning", "text": text}
        case UsageReport(usage):
            fields = {
                "type": "usage", "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens, "cached_tokens": usage.cached_tokens,
                "estimated": usage.estimated,
            }  # fmt: skip
        case Finish(reason=reason):
            fields = {"type": "finish", "reason": reason}
    if as_json:
        print(json.dumps(fields, ensure_ascii=False), flush=True)
    elif fields["type"] == "text":
        sys.stdout.write(fields["text"])
        sys.stdout.flush()
    elif fields["type"] == "finish":
        print(f"\n({fields['reason']})")
