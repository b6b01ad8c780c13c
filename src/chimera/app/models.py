"""The providers that the settings name, and everything between a turn and them."""

from dataclasses import dataclass
from random import Random

from chimera.core.generation import Provider
from chimera.core.ids import Clock
from chimera.providers import anthropic, compatible, gemini, ollama
from chimera.providers.addresses import origin_of
from chimera.providers.anthropic import AnthropicProvider
from chimera.providers.catalog import Catalog, load_prices, no_prices, ollama_url, read_overrides
from chimera.providers.compatible import CompatibleProvider
from chimera.providers.directory import Directory, Entry
from chimera.providers.gateway import Gateway
from chimera.providers.gemini import GeminiProvider
from chimera.providers.ollama import OllamaProvider
from chimera.providers.responses import OpenAIProvider
from chimera.providers.roster import SCRIPTED, Keyed, Roster
from chimera.providers.scripted.provider import ScriptedProvider
from chimera.providers.transport import Transport
from chimera.settings import OllamaSettings, ServiceSettings, Settings

TITLES = {
    "openai": "OpenAI", "anthropic": "Anthropic", "gemini": "Gemini", "deepseek": "DeepSeek",
    "lmstudio": "LM Studio", "ollama": "Ollama", "compatible": "OpenAI-compatible server",
    SCRIPTED: "Improv troupe",
}  # fmt: skip
#: Those that speak the OpenAI chat format; of OpenAI, a server that merely serves its API.
MEMBERS = {
    "openai": compatible.OPENAI, "deepseek": compatible.DEEPSEEK,
    "lmstudio": compatible.LM_STUDIO, "compatible": compatible.COMPATIBLE,
}  # fmt: skip
#: Where each is asked if no setting says otherwise.
ADDRESSES = {name: member.base_url for name, member in MEMBERS.items()} | {
    "anthropic": anthropic.BASE_URL, "gemini": gemini.BASE_URL, "ollama": ollama.BASE_URL,
}  # fmt: skip
#: Servers of this machine, which may be found without being named.
LOCAL = frozenset({"lmstudio", "ollama"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Everything between a turn and a model."""

    roster: Roster
    gateway: Gateway
    catalog: Catalog
    directory: Directory


def _configured(name: str, settings: Settings) -> ServiceSettings:
    """What is set for a provider, the well-known variables of its own included."""
    given: ServiceSettings = getattr(settings.providers, name)
    key = {
        "openai": settings.openai_api_key,
        "anthropic": settings.anthropic_api_key,
        "gemini": settings.gemini_api_key,
        "deepseek": settings.deepseek_api_key,
    }.get(name)
    if given.api_key is None and key is not None:
        given = given.model_copy(update={"api_key": key})
    if name == "ollama" and given.base_url is None:
        given = given.model_copy(update={"base_url": ollama_url(settings.ollama_host)})
    return given


def _wanted(name: str, given: ServiceSettings, settings: Settings) -> bool:
    """Whether there is anything to ask: a key, an address, or a local server to look for."""
    if name in LOCAL:
        return settings.providers.discover or _is_set(name, given, settings)
    return given.api_key is not None or given.base_url is not None


def _is_set(name: str, given: ServiceSettings, settings: Settings) -> bool:
    """Whether a person named this provider; a local server may merely have been found."""
    if name == "ollama":
        named = settings.providers.ollama
        return settings.ollama_host is not None or named.base_url is not None
    return given.api_key is not None or given.base_url is not None


def build_models(settings: Settings, clock: Clock) -> Models:
    """Every provider that the settings name or this machine may run, and the troupe."""
    given = {name: _configured(name, settings) for name in settings.providers.order}
    given = {name: each for name, each in given.items() if _wanted(name, each, settings)}
    troupe = ScriptedProvider()
    roster = Roster(
        {name: [_keyed(name, each, clock)] for name, each in given.items()}
        | {SCRIPTED: [Keyed(provider=troupe)]}
    )
    catalog = Catalog(
        roster,
        clock=clock,
        overrides=read_overrides(),
        prices=load_prices() if given.keys() - LOCAL else no_prices,
        local=LOCAL,
    )
    gateway = Gateway(roster, catalog=catalog, clock=clock, rng=Random())
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
    directory = Directory(gateway, catalog, entries, order=settings.providers.order)
    return Models(roster=roster, gateway=gateway, catalog=catalog, directory=directory)


def _address(name: str, given: ServiceSettings) -> str:
    return given.base_url or ADDRESSES[name]


def _keyed(name: str, given: ServiceSettings, clock: Clock) -> Keyed:
    # An address that the operator names may be private; a service's own public one may not.
    own = name in LOCAL or given.base_url is not None
    # Each has a transport of its own: who is replaced closes it and disturbs nobody.
    transport = Transport(clock=clock, allowed=[origin_of(_address(name, given))] if own else ())
    credential = None if given.api_key is None else f"environment:{name}"
    return Keyed(provider=_adapter(name, given, transport), credential=credential)


def _adapter(name: str, given: ServiceSettings, transport: Transport) -> Provider:
    address, key = given.base_url, given.api_key
    if isinstance(given, OllamaSettings):
        return OllamaProvider(
            transport=transport, base_url=address, api_key=key, keep_alive=given.keep_alive
        )
    if name == "anthropic":
        return AnthropicProvider(transport=transport, base_url=address, api_key=key)
    if name == "gemini":
        return GeminiProvider(transport=transport, base_url=address, api_key=key)
    if name == "openai" and address is None:
        # Its own service alone has every format; who else serves its API has the chat format.
        return OpenAIProvider(transport=transport, api_key=key)
    return CompatibleProvider(MEMBERS[name], transport=transport, base_url=address, api_key=key)
