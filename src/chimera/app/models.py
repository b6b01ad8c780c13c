"""The providers that the settings name, and everything between a turn and them."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from random import Random
from typing import Any

from pydantic import SecretStr

from chimera.app.system import TimeOrderedIds
from chimera.core.generation import Provider, Usage
from chimera.core.ids import Clock, IdSource
from chimera.core.ports import Ledger, Observer, Recorder
from chimera.core.routes.limits import Limits
from chimera.plugins import load_providers
from chimera.providers import anthropic, compatible, gemini, llamacpp, ollama
from chimera.providers.addresses import origin_of
from chimera.providers.anthropic import AnthropicProvider
from chimera.providers.calling import RefusalListener
from chimera.providers.catalog import (
    Catalog,
    load_prices,
    no_prices,
    ollama_url,
    read_overrides,
)
from chimera.providers.compatible import CompatibleProvider
from chimera.providers.directory import Directory, Entry
from chimera.providers.gateway import Gateway
from chimera.providers.gemini import GeminiProvider
from chimera.providers.knowledge import PriceList
from chimera.providers.llamacpp import LlamaCppProvider
from chimera.providers.ollama import OllamaProvider
from chimera.providers.pulls import Pulls
from chimera.providers.responses import OpenAIProvider
from chimera.providers.roster import SCRIPTED, Keyed, Roster
from chimera.providers.scripted.provider import ScriptedProvider
from chimera.providers.transport import Transport
from chimera.providers.warming import Warming
from chimera.settings import OllamaSettings, ServiceSettings, Settings
from chimera.store.credentials import Stored, Tuning

TITLES = {
    "openai": "OpenAI", "anthropic": "Anthropic", "gemini": "Gemini", "deepseek": "DeepSeek",
    "lmstudio": "LM Studio", "ollama": "Ollama", "compatible": "OpenAI-compatible server",
    llamacpp.NAME: "llama.cpp", SCRIPTED: "Improv troupe",
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


#: Servers that people run themselves: their address may be private.
LOCAL_KINDS = LOCAL | {"compatible"}
#: Those that answer nobody without a key.
WANT_KEY = frozenset({"openai", "anthropic", "gemini", "deepseek"})
#: A key shorter than this would be given away by its last characters.
_TELLING = 12
#: What may be limited, by the names of settings, preferences and `Limits` alike.
_TUNED = ("requests_per_minute", "tokens_per_minute", "concurrency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Everything between a turn and a model."""

    roster: Roster
    gateway: Gateway
    catalog: Catalog
    directory: Directory
    prices: "PriceShelf"
    pulls: Pulls
    warming: Warming

    async def run(self) -> None:
        """What goes on beside the turns: lists, fetched models, models that are woken."""
        async with asyncio.TaskGroup() as group:
            for each in (self.catalog, self.pulls, self.warming):
                group.create_task(each.run())


class PriceShelf:
    """The list of prices, taken out once somebody may have to pay."""

    def __init__(self) -> None:
        self._list: PriceList = no_prices

    def load(self) -> None:
        """Half a second of work, once."""
        if self._list is no_prices:
            self._list = load_prices()

    def __call__(self, provider: str, model: str, usage: Usage, at: datetime) -> float | None:
        return self._list(provider, model, usage, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key with the name by which it is counted and switched off."""

    id: str
    secret: SecretStr

    @property
    def last4(self) -> str:
        text = self.secret.get_secret_value()
        return text[-4:] if len(text) >= _TELLING else ""

    @property
    def fingerprint(self) -> str:
        """The beginning of its SHA-256 digest: enough to tell two keys apart."""
        text = self.secret.get_secret_value()
        return sha256(text.encode()).hexdigest()[:12] if len(text) >= _TELLING else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one provider is asked."""

    name: str
    keys: tuple[Key, ...] = ()
    #: None: its usual address.
    base_url: str | None = None
    #: Whether the operator named the address, which may then be a private one.
    named: bool = False
    #: Set by a person; a local server may merely have been found.
    configured: bool = False
    model: str | None = None
    keep_alive: str | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def address(self) -> str:
        return self.base_url or ADDRESSES[self.name]


def set_by_environment(name: str, settings: Settings) -> ServiceSettings:
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


def plan_of(
    name: str,
    settings: Settings,
    *,
    stored: Stored | None = None,
    secret: SecretStr | None = None,
    tuning: Tuning | None = None,
) -> Plan | None:
    """How a provider is to be asked; None if it cannot be.

    What is stored wins whole: a key of the environment is not sent to a stored address.
    """
    given = set_by_environment(name, settings)
    if stored is None:
        plan = _by_environment(name, given, settings)
    elif stored.sealed is not None and secret is None:
        return None
    else:
        plan = _by_row(name, given, stored, secret)
    found = name in LOCAL and settings.providers.discover
    if not plan.address or not (plan.configured or found):
        return None
    model, limits = tuned(given, tuning)
    return replace(
        plan,
        model=model,
        limits=limits,
        keep_alive=given.keep_alive if isinstance(given, OllamaSettings) else None,
    )


def tuned(given: ServiceSettings, tuning: Tuning | None) -> tuple[str | None, Limits]:
    """The default model and the limits: those that were chosen, else those of the settings."""
    chosen: dict[str, Any] = dict(tuning or {})
    limits = {each: chosen.get(each, getattr(given, each)) for each in _TUNED}
    return chosen.get("default_model") or given.model, Limits(**limits)


def environment_keys(name: str, given: ServiceSettings) -> tuple[Key, ...]:
    """The keys that a setting names, parted by commas; they share the load."""
    text = given.api_key.get_secret_value() if given.api_key else ""
    words = list(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    return tuple(
        Key(id=f"environment:{name}" + f":{place}" * (place > 1), secret=SecretStr(word))
        for place, word in enumerate(words, 1)
    )


def _by_environment(name: str, given: ServiceSettings, settings: Settings) -> Plan:
    keys = environment_keys(name, given)
    if name == "ollama":
        ours = settings.providers.ollama
        configured = settings.ollama_host is not None or ours.base_url is not None
    else:
        configured = bool(keys) or given.base_url is not None
    return Plan(
        name=name,
        keys=keys,
        base_url=given.base_url,
        named=name in LOCAL or given.base_url is not None,
        configured=configured,
    )


def _by_row(name: str, given: ServiceSettings, stored: Stored, secret: SecretStr | None) -> Plan:
    return Plan(
        name=name,
        keys=() if secret is None else (Key(id=stored.id, secret=secret),),
        base_url=stored.base_url or given.base_url,
        # An address that was typed in a browser may be private for local servers only.
        named=name in LOCAL_KINDS or (stored.base_url is None and given.base_url is not None),
        configured=True,
    )


def build_models(
    settings: Settings,
    clock: Clock,
    planned: Mapping[str, Plan] | None = None,
    *,
    ids: IdSource | None = None,
    ledger: Ledger | None = None, recorder: Recorder | None = None,
    on_refused: RefusalListener | None = None, observer: Observer | None = None,
) -> Models:  # fmt: skip
    """Every provider that is planned (else, that the settings name), and the troupe.

    Without a ledger and a recorder, what calls cost is counted in memory.
    """
    if planned is None:
        names = settings.providers.order
        planned = {name: plan for name in names if (plan := plan_of(name, settings))}
    plans = planned.values()
    others = _keyless(settings, clock)
    roster = Roster(
        {plan.name: keyed_of(plan, clock) for plan in plans}
        | {each.name: [Keyed(provider=each)] for each in (*others, ScriptedProvider())}
    )
    prices, free = PriceShelf(), LOCAL | {llamacpp.NAME}
    if not free.issuperset([*planned, *(each.name for each in others)]):
        prices.load()
    catalog = Catalog(roster, clock=clock, overrides=read_overrides(), prices=prices, local=free)
    gateway = Gateway(
        roster, catalog=catalog, clock=clock, rng=Random(), ids=ids or TimeOrderedIds(),
        ledger=ledger, recorder=recorder, on_refused=on_refused, observer=observer,
    )  # fmt: skip
    entries = {plan.name: entry_of(plan) for plan in plans}
    entries |= {each.name: Entry(title=title, configured=True) for each, title in others.items()}
    entries[SCRIPTED] = Entry(title=TITLES[SCRIPTED])
    directory = Directory(gateway, catalog, entries, order=settings.providers.order)
    return Models(
        roster=roster, gateway=gateway, catalog=catalog, directory=directory, prices=prices,
        pulls=Pulls(roster.provider, fetched=catalog.forget),
        warming=Warming(roster, catalog, clock),
    )  # fmt: skip


def _keyless(settings: Settings, clock: Clock) -> Mapping[Provider, str]:
    """Providers with neither key nor address, by title: models in files, and those of plugins."""
    plugged = load_providers(
        settings.providers.plugins, clock=clock, environment=os.environ, taken=TITLES
    )
    found: dict[Provider, str] = {each: each.title for each in plugged}
    given = settings.providers.llamacpp
    if given.model is not None:
        files = LlamaCppProvider(
            path=given.model, clock=clock, context=given.context, load=given.load_seconds
        )
        found[files] = TITLES[files.name]
    return found


def entry_of(plan: Plan) -> Entry:
    """How a planned provider is shown."""
    return Entry(
        title=TITLES[plan.name],
        base_url=plan.address,
        model=plan.model,
        configured=plan.configured,
    )


def keyed_of(plan: Plan, clock: Clock) -> list[Keyed]:
    """An adapter for each key, or one without."""
    if not plan.keys:
        return [Keyed(provider=adapter_of(plan, None, clock), limits=plan.limits)]
    return [
        Keyed(provider=adapter_of(plan, key, clock), credential=key.id, limits=plan.limits)
        for key in plan.keys
    ]


def adapter_of(plan: Plan, key: Key | None, clock: Clock) -> Provider:
    """Asks with one key, over a transport of its own: who closes it disturbs nobody."""
    transport = Transport(clock=clock, allowed=[origin_of(plan.address)] if plan.named else ())
    address, secret = plan.base_url, key.secret if key else None
    if plan.name == "ollama":
        return OllamaProvider(
            transport=transport, base_url=address, api_key=secret,
            keep_alive=plan.keep_alive or ollama.KEEP_ALIVE,
        )  # fmt: skip
    if plan.name == "anthropic":
        return AnthropicProvider(transport=transport, base_url=address, api_key=secret)
    if plan.name == "gemini":
        return GeminiProvider(transport=transport, base_url=address, api_key=secret)
    if plan.name == "openai" and address is None:
        # Its own service alone has every format; who else serves its API has the chat format.
        return OpenAIProvider(transport=transport, api_key=secret)
    member = MEMBERS[plan.name]
    return CompatibleProvider(member, transport=transport, base_url=address, api_key=secret)
