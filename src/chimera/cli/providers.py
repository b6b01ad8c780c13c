"""`chimera providers`: which there are, whether they answer, what they have, one answer to try."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from chimera.core.errors import Invalid, NotFound, ProviderError
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    ImagePart,
    PromptMessage,
    Reasoning,
    Text,
    TextPart,
    UsageReport,
)
from chimera.settings import ServiceSettings, Settings, load_settings

if TYPE_CHECKING:
    from chimera.app.models import Models

app = typer.Typer(help="The services that run models.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def _with_models(settings: Settings, work: "Callable[[Models], Awaitable[None]]") -> None:
    # The engine is the slowest import we have; whoever asks for help does not need it.
    from chimera.app.models import build_models  # noqa: PLC0415
    from chimera.app.system import SystemClock  # noqa: PLC0415

    async def inside() -> None:
        models = build_models(settings, SystemClock())
        try:
            await work(models)
        finally:
            await models.gateway.close()

    asyncio.run(inside())


@app.command("list")
def list_providers(as_json: AsJson = False) -> None:
    """Every provider that is set or found on this machine."""

    async def work(models: "Models") -> None:
        await models.catalog.refresh()
        table = Table(box=None, pad_edge=False)
        for title in ("name", "state", "models", "address"):
            table.add_column(title)
        for each in models.directory.known():
            state = {True: "ready", False: "away", None: "not asked"}[each.ready]
            if as_json:
                fields = {"name": each.name, "state": state, "models": len(each.models)}
                print(json.dumps(fields | {"base_url": each.base_url, "detail": each.detail}))
            table.add_row(each.name, state, str(len(each.models)), each.base_url or "")
        if not as_json:
            Console().print(table)

    _with_models(load_settings(), work)


@app.command("check")
def check_provider(
    name: Annotated[str | None, typer.Argument(help="One provider; all without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask each for something free; the exit status is 1 if one does not answer."""
    failed: list[str] = []

    async def work(models: "Models") -> None:
        names = [name] if name else [each.name for each in models.directory.known()]
        for each in names:
            health = await models.directory.check(each)
            if not health.ok:
                failed.append(each)
            if as_json:
                fields = {"name": each, "ok": health.ok, "code": health.code}
                print(json.dumps(fields | {"detail": health.detail}))
            else:
                print(f"{'✓' if health.ok else '✗'} {each}: {health.detail or 'answers'}")

    _with_models(load_settings(), work)
    if failed:
        raise typer.Exit(1)


@app.command("models")
def list_models(name: str, as_json: AsJson = False) -> None:
    """The models of one provider."""

    async def work(models: "Models") -> None:
        for model in await models.directory.models(name):
            if as_json:
                fields = {"id": model.id, "context": model.context, "loaded": model.loaded}
                prices = {"input_price": model.input_price, "output_price": model.output_price}
                print(json.dumps(fields | prices))
            else:
                print(model.id)

    _with_models(load_settings(), work)


@app.command("try")
def try_provider(
    name: str,
    model: Annotated[str | None, typer.Option(help="Default: the provider's own.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address up to /v1.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="Variable that holds the key.")] = None,
    prompt: Annotated[str, typer.Option()] = "Say hello to the audience in one sentence.",
    image: Annotated[Path | None, typer.Option(help="A picture to show with it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stream one answer to the terminal."""
    parts = (TextPart(prompt), *([_picture(image)] if image else []))
    settings = settings_for(name, base_url=base_url, api_key_env=api_key_env)

    async def work(models: "Models") -> None:
        provider = models.roster.provider(name)
        if provider is None:
            known = ", ".join(models.roster)
            raise NotFound(f"There is no provider {name!r} that could be asked; there are {known}.")
        await models.catalog.refresh()
        chosen = model or models.directory.default_model(name)
        if chosen is None:
            raise Invalid(f"{name} has no default model; name one with --model.")
        request = GenerationRequest(
            model=chosen,
            system="You answer briefly.",
            messages=(PromptMessage("others", parts),),
        )
        async for chunk in provider.stream(request):
            _print(chunk, as_json=as_json)

    try:
        _with_models(settings, work)
    except ProviderError as error:
        fields: dict[str, Any] = {"type": "error", "code": error.code, "message": error.message}
        fields["retry_after"] = error.details.get("retry_after")
        print(json.dumps(fields) if as_json else f"\n{error.code}: {error.message}")
        raise typer.Exit(1) from None


def _picture(path: Path) -> ImagePart:
    """The picture in a file, made small as one of a viewer's would be."""
    from chimera.features.conversations import pictures  # noqa: PLC0415 – as slow as the engine

    try:
        data = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
    return ImagePart(pictures.MEDIA_TYPE, pictures.redrawn(data, path="--image").data)


def settings_for(name: str, *, base_url: str | None, api_key_env: str | None) -> Settings:
    """The settings with one provider's address and key given on the command line."""
    settings = load_settings()
    if base_url is None and api_key_env is None:
        return settings
    if name not in type(settings.providers).model_fields or name in {"discover", "order"}:
        raise Invalid(f"{name} has no address to set; use: compatible.")
    given: ServiceSettings = getattr(settings.providers, name)
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
