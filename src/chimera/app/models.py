"""The providers that the settings name, and everything between a turn and them."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from chimera.core.ids import Clock
from chimera.providers import compatible
from chimera.providers.addresses import origin_of
from chimera.providers.catalog import Catalog, load_prices, no_prices, ollama_url, read_overrides
from chimera.providers.compatible import CompatibleProvider
from chimera.providers.directory import Directory, Entry
from chimera.providers.gateway import SCRIPTED, Gateway
from chimera.providers.scripted.provider import ScriptedProvider
from chimera.providers.transport import Transport
from chimera.settings import CompatibleSettings, Settings

TITLES = {
    "openai": "OpenAI", "deepseek": "DeepSeek", "lmstudio": "LM Studio", "ollama": "Ollama",
    "compatible": "OpenAI-compatible server", SCRIPTED: "Improv troupe",
}  # fmt: skip
MEMBERS = {
    "openai": compatible.OPENAI, "deepseek": compatible.DEEPSEEK,
    "lmstudio": compatible.LM_STUDIO, "ollama": compatible.OLLAMA,
    "compatible": compatible.COMPATIBLE,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Everything between a turn and a model."""

    gateway: Gateway
    catalog: Catalog
    directory: Directory


def _configured(name: str, settings: Settings) -> CompatibleSettings:
    """What is set for a provider, the well-known variables of its own included."""
    given: CompatibleSettings = getattr(settings.providers, name)
    key = {"openai": settings.openai_api_key, "deepseek": settings.deepseek_api_key}.get(name)
    if given.api_key is None and key is not None:
        given = given.model_copy(update={"api_key": key})
    if name == "ollama" and given.base_url is None:
        given = given.model_copy(update={"base_url": ollama_url(settings.ollama_host)})
    return given


def _wanted(name: str, given: CompatibleSettings, settings: Settings) -> bool:
    """Whether there is anything to ask: a key, an address, or a local server to look for."""
    member = MEMBERS[name]
    if member.local:
        return settings.providers.discover or _is_set(name, given, settings)
    return given.api_key is not None or given.base_url is not None


def _is_set(name: str, given: CompatibleSettings, settings: Settings) -> bool:
    """Whether a person named this provider; a local server may merely have been found."""
    if name == "ollama":
        named = settings.providers.ollama
        return settings.ollama_host is not None or named.base_url is not None
    return given.api_key is not None or given.base_url is not None


def build_models(settings: Settings, clock: Clock) -> Models:
    """Every provider that the settings name or this machine may run, and the troupe."""
    given = {name: _configured(name, settings) for name in settings.providers.order}
    given = {name: each for name, each in given.items() if _wanted(name, each, settings)}
    adapters = _adapters(given, clock)
    local = [name for name in given if MEMBERS[name].local]
    catalog = Catalog(
        adapters,
        clock=clock,
        overrides=read_overrides(),
        prices=load_prices() if len(local) < len(given) else no_prices,
        local=local,
    )
    gateway = Gateway([*adapters, ScriptedProvider()], catalog=catalog, clock=clock, rng=Random())
    entries = {
        name: Entry(
            title=TITLES[name],
            base_url=_address(name, each),
            model=each.model,
            configured=_is_set(name, each, settings),
        )
        for name, each in given.items()
    }
    entries[SCRIPTED] = Entry(title=TITLES[SCRIPTED])
    return Models(gateway=gateway, catalog=catalog, directory=Directory(gateway, catalog, entries))


def _address(name: str, given: CompatibleSettings) -> str:
    return given.base_url or MEMBERS[name].base_url


def _adapters(given: Mapping[str, CompatibleSettings], clock: Clock) -> list[CompatibleProvider]:
    # An address that the operator names may be private; a member's own public one may not.
    allowed = [
        origin_of(_address(name, each))
        for name, each in given.items()
        if MEMBERS[name].local or each.base_url is not None
    ]
    transport = Transport(clock=clock, allowed=allowed)
    return [
        CompatibleProvider(
            MEMBERS[name],
            transport=transport,
            base_url=_address(name, each),
            api_key=each.api_key,
        )
        for name, each in given.items()
    ]
