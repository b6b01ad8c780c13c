"""Providers of installed packages: only those that are named, and never our problem."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from provider_cases import PLUGIN, said
from provider_fakes import ask
from provider_plugin import install
from provider_server import ProviderServer, answers, streams

from chimera.app.models import Models, build_models
from chimera.core.errors import ProviderBusy, ProviderDown, ProviderError, Unready
from chimera.core.generation import Chunk, GenerationRequest, Health, Model, Provider, Text
from chimera.lab.clockwork import LoopClock
from chimera.plugins import PluginProvider, load_providers
from chimera.settings import load_settings
from processes import Commands


def load(name: str, **variables: str) -> Provider:
    (provider,) = load_providers([name], clock=LoopClock(), environment=variables)
    return provider


def package(folder: Path, source: str) -> None:
    """A package with one provider, `mine`, installed in a folder."""
    (folder / "mine_1").mkdir()
    (folder / "mine_1/__init__.py").write_text(source)
    about = folder / "mine_1-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-1\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[chimera.providers]\nmine = mine_1:make\n")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("", "AttributeError"),
        ("def make(): ...", "TypeError"),
        ("def make(**given): return 7", "has no stream"),
        (
            "class make:\n def __init__(self, **given): self.name = 'other'\n"
            " stream = models = check = close = None",
            "not named mine",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_stops_the_start_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, told: str
) -> None:
    package(tmp_path, source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_1", raising=False)
    with pytest.raises(Unready, match=told) as caught:
        load("mine")
    assert caught.value.exit_code == 2


def test_a_name_that_nobody_offers_is_told_with_the_nearest(example_installed: Path) -> None:
    with pytest.raises(Unready, match="did you mean example"):
        load("exmaple")


def test_a_plugin_cannot_take_the_place_of_a_provider_of_the_house() -> None:
    with pytest.raises(Unready, match="openai is a provider of the house"):
        load_providers(["openai"], clock=LoopClock(), environment={}, taken={"openai"})


async def built(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: str) -> Models:
    monkeypatch.chdir(folder)
    for name in [each for each in os.environ if each.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    for name, value in {"CHIMERA_PROVIDERS__DISCOVER": "false", **variables}.items():
        monkeypatch.setenv(name, value)
    # Files are read: settings, price list, what is installed.
    return await asyncio.to_thread(lambda: build_models(load_settings(), LoopClock()))


async def test_what_is_installed_is_not_loaded_unless_it_is_named(
    example_installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models = await built(monkeypatch, tmp_path)
    assert "example" not in models.roster
    await models.gateway.close()


async def test_a_plugin_that_is_named_can_be_cast_and_is_asked(
    example_installed: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    server: ProviderServer,
) -> None:
    variables = {"CHIMERA_PROVIDERS__PLUGINS": "example", "EXAMPLE_BASE_URL": server.base_url}
    models = await built(monkeypatch, tmp_path, **variables)
    server.play(answers(200, PLUGIN.format.models("m1", context=4096)[0]))
    await models.directory.look()
    assert models.directory.best().provider == "example"
    (state, _) = models.directory.known()
    assert (state.title, state.models, state.ready) == ("Example", ("m1",), True)
    server.play(streams(PLUGIN.format.whole("Tea.")))
    (keyed,) = models.roster.keyed("example")
    async with aclosing(keyed.provider.stream(ask())) as chunks:
        assert said([chunk async for chunk in chunks]) == "Tea."
    await models.gateway.close()


async def test_a_plugin_is_tried_from_the_command_line(
    tmp_path: Path, server: ProviderServer
) -> None:
    folder = await asyncio.to_thread(install, tmp_path / "installed")
    variables = {
        "CHIMERA_PROVIDERS__PLUGINS": "example", "EXAMPLE_BASE_URL": server.base_url,
        "PYTHONPATH": str(folder),
    }  # fmt: skip
    listed = answers(200, PLUGIN.format.models("m1", context=4096)[0])
    server.play(listed, streams(PLUGIN.format.whole("Tea", " is warm.")))
    words = ("providers", "try", "example", "--json")
    done = await asyncio.to_thread(Commands(tmp_path).run, *words, **variables)
    assert done.code == 0, done.err
    assert '{"type": "text", "text": " is warm."}' in done.out
    assert '{"type": "finish", "reason": "stop"}' in done.out


class Broken:
    """Fails as code of others may."""

    name = "broken"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        del request
        yield Text("Tea")
        raise self._error

    async def models(self) -> Sequence[Model]:
        raise self._error

    async def check(self) -> Health:
        raise self._error

    async def close(self) -> None: ...


async def hear(provider: Provider) -> list[Chunk]:
    async with aclosing(provider.stream(ask())) as chunks:
        return [chunk async for chunk in chunks]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(KeyError("sk-secret"), ProviderDown), (ProviderBusy("wait", retry_after=2), ProviderBusy)],
)
async def test_whatever_a_plugin_raises_is_a_failed_call(
    error: Exception, kind: type[ProviderError]
) -> None:
    provider = PluginProvider(Broken(error), title="Broken")
    for call in (hear(provider), provider.models()):
        with pytest.raises(kind) as caught:
            await call
        assert "sk-secret" not in caught.value.message
    health = await provider.check()
    assert (health.ok, health.code) == (False, kind.code)
