"""What routes are given: the house they serve, and a call with its transaction."""

import asyncio
import math
import pathlib
import re
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

from fastapi import Depends, Path
from pydantic import BaseModel, SecretStr
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from chimera.api import idempotency
from chimera.api.direct import FastPath
from chimera.api.idempotency import Answer
from chimera.api.limits import Rates
from chimera.api.visitors import Visitors
from chimera.core.errors import NotFound
from chimera.core.events import HOST
from chimera.core.generation import Health, Model, ProviderState, Route
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.core.persona import Persona
from chimera.core.ports import Alarm, Hub, Observer, Unobserved
from chimera.core.routes.limits import Limits
from chimera.core.schemes import SCHEMES, Scheme
from chimera.core.topics import Starter
from chimera.engine.asking import Performer
from chimera.engine.audience import Audience
from chimera.engine.journal import Journal
from chimera.engine.polling import Polls
from chimera.providers.pulls import Pulls
from chimera.store.database import Store, Work
from chimera.store.preferences import Preferences


class Providers(Protocol):
    """The providers as people see them."""

    def known(self) -> Sequence[ProviderState]:
        """Every provider that can be cast, the best first; the troupe is always among them."""
        ...

    async def look(self) -> None:
        """Look again for servers on this machine, unless that was done a moment ago."""
        ...

    async def models(self, name: str) -> Sequence[Model]:
        """Raises ProviderError; NotFound for a name that is not known."""
        ...

    async def check(self, name: str) -> Health:
        """A free call. Raises NotFound."""
        ...

    def best(self) -> Route:
        """Who plays a persona that names no provider: the best configured, else the troupe."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCard:
    """What may be told of a provider's key; of several, what is true of the first."""

    source: Literal["environment", "stored"]
    last4: str
    fingerprint: str
    count: int = 1
    #: The code of the failure that switched it off.
    disabled_because: str | None = None
    #: Milliseconds UTC; None for one of the environment.
    set_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCard:
    """How a provider is set, whether or not it can be asked."""

    name: str
    title: str
    local: bool
    wants_key: bool
    base_url: str | None = None
    default_model: str | None = None
    credential: KeyCard | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A key and an address as a person gave them; None: not given, no address: the usual one."""

    api_key: SecretStr | None = None
    base_url: str | None = None
    #: To be stored even if the provider refuses it.
    force: bool = False


class Keys(Protocol):
    """How the providers are set, which may change while the house runs."""

    def cards(self) -> Sequence[ProviderCard]:
        """Every provider that is set or could be, the best first."""
        ...

    async def put(self, name: str, change: KeyChange) -> None:
        """Store a key, an address or both; from then on they are used. Raises NotFound, Invalid."""
        ...

    async def drop(self, name: str) -> None:
        """Forget what was stored; what the environment says holds again. Raises NotFound."""
        ...

    async def tune(self, name: str, tuning: Mapping[str, int | str | None]) -> None:
        """Store limits and the default model, by the names of `ProviderCard` and `Limits`."""
        ...

    async def check(self, name: str, change: KeyChange) -> Health:
        """A free call, with a key and an address that are not stored yet, if any are given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How the house stands behind the stage."""

    #: Conversations whose turn should have begun, and since when the oldest waits, in seconds.
    due: int
    oldest_due_s: float
    #: Conversations that the reconciler of this process found stuck, by the reason.
    unstuck: Mapping[str, int]
    #: Bytes in the write-ahead log; None where the database is not a file.
    wal_bytes: int | None
    #: Milliseconds UTC; None if there never was one.
    backed_up_at: int | None


class Lookout(Protocol):
    """What is known of this process from inside."""

    async def look(self) -> Outlook:
        """Look now. Raises what the store raises."""
        ...

    def exposition(self) -> tuple[bytes, str]:
        """All metrics in the words of Prometheus, and their media type."""
        ...

    @property
    def stalled(self) -> bool:
        """Whether the event loop stands still, or did for long a moment ago."""
        ...


@dataclass(slots=True)
class Outflow:
    """What this process sends to viewers: plain numbers, because every frame changes them."""

    lines: int = 0
    frames: int = 0
    bytes: int = 0

    @contextmanager
    def line(self) -> Generator[None]:
        """A line is open while the block lasts."""
        self.lines += 1
        try:
            yield
        finally:
            self.lines -= 1


#: More than anybody claps by hand.
REACTIONS_PER_MINUTE = 60
POLLS_PER_MINUTE = 6
#: Tries cost money, and the work of a conversation's turns.
TRIES_PER_MINUTE = 20


#: More conversations than one process has watched at once.
HEADS_KEPT = 4_096
_NEVER: tuple[float, int | None] = (-math.inf, None)


class Heads:
    """How far logs go, read once for all the viewers who ask within a moment.

    A thousand viewers of one conversation would else read its row a thousand times a heartbeat: a
    third of what a busy fan-out costs. What is told may lag behind by that moment, never run ahead.
    """

    def __init__(self, *, kept: int = HEADS_KEPT) -> None:
        self._kept = kept
        #: When each was read, and what there was; None where there was no such conversation.
        self._known: dict[str, tuple[float, int | None]] = {}

    async def of(
        self,
        asked: Sequence[str],
        *,
        fresh_s: float,
        read: Callable[[Sequence[str]], Awaitable[Mapping[str, int]]],
    ) -> dict[str, int]:
        """The heads of those of these logs that exist, none older than `fresh_s`."""
        now = asyncio.get_running_loop().time()
        known = {each: self._known.get(each, _NEVER) for each in asked}
        if old := [each for each, (at, _) in known.items() if at < now - fresh_s]:
            found = await read(old)
            fresh = {each: (now, found.get(each)) for each in old}
            if len(self._known) + len(fresh) > self._kept:
                self._known.clear()
            self._known.update(fresh)
            known.update(fresh)
        return {each: head for each, (_, head) in known.items() if head is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds after which a live line is told of, sent home, or given up."""

    heartbeat_s: float = 15.0
    #: A socket that watches nothing for so long is closed.
    idle_s: float = 30.0
    #: A viewer that takes nothing for so long is not there.
    stalled_s: float = 30.0
    #: How often a viewer is told how many watch.
    presence_s: float = 5.0
    #: Between heartbeats while the hub loses frames of other processes: the log is looked at.
    degraded_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything the routes reach for; made once, by the composition root."""

    store: Store
    journal: Journal
    hub: Hub
    alarm: Alarm
    #: Told of arrivals: the play goes on for whoever comes in.
    audience: Audience
    #: Sees to it that polls end.
    polls: Polls
    clock: Clock
    ids: IdSource
    providers: Providers
    #: Models that servers of this machine are fetching.
    pulls: Pulls
    keys: Keys
    #: The one way to a model, for lines that belong to no conversation.
    gateway: Performer
    preferences: Preferences
    personas: tuple[Persona, ...]
    starters: tuple[Starter, ...]
    #: Who is who in the stalls.
    visitors: Visitors
    lookout: Lookout
    #: A fresh seed for a conversation that names none.
    seed: Callable[[], int]
    #: Names of the checks that fail, empty when the house may be given traffic.
    failing: Callable[[], Awaitable[Sequence[str]]]
    #: Host names with port by which we are reached (`api/security.py`).
    hosts: frozenset[str]
    #: The built web app, if there is one.
    web: pathlib.Path | None = None
    #: Who can be asked to direct, those of plugins included.
    directors: Mapping[str, Scheme] = field(default_factory=lambda: SCHEMES)
    patience: Patience = Patience()
    #: How many live lines may read at once: a thousand viewers who come back together wait for
    #: each other here, not in the store's queue, which would turn them away.
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(32))
    #: How many pictures may be decoded at once: each takes a core, and up to 110 MB.
    developing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    #: How often each viewer may react, vote, wish or mark.
    reacting: Rates = field(default_factory=lambda: Rates("reacting", REACTIONS_PER_MINUTE))
    #: How often a viewer may try a persona out.
    trying: Rates = field(default_factory=lambda: Rates("trying", TRIES_PER_MINUTE))
    #: How often each may ask the stalls something.
    asking: Rates = field(default_factory=lambda: Rates("asking", POLLS_PER_MINUTE))
    observer: Observer = field(default_factory=Unobserved)
    outflow: Outflow = field(default_factory=Outflow)
    fast_path: FastPath = field(default_factory=FastPath)
    #: What heartbeats tell of the logs.
    heads: Heads = field(default_factory=Heads)
    #: What a caller must know to read the metrics; None: whoever calls from this machine may.
    metrics_token: SecretStr | None = None
    #: Set when the process is about to go: viewers are told to call again elsewhere.
    draining: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> int:
        """Milliseconds UTC."""
        return to_millis(self.clock.now())


def serving(connection: HTTPConnection) -> House:
    """The house that this application serves."""
    return connection.app.state.house


class Call:
    """One request that changes something."""

    def __init__(self, request: Request, house: House) -> None:
        self._request = request
        self.house = house
        #: Local mode knows one person, whose house it is.
        self.actor = HOST

    @property
    def viewer(self) -> str:
        """Who is counted for the rates: a person, or in local mode the browser's address."""
        client = self._request.client
        return self.actor.id or (client.host if client else self.actor.type)

    def known_as(self, of: str) -> str | None:
        """The browser's name in something such as an experiment; None without its cookie."""
        visitors = self.house.visitors
        cookie = visitors.known(self._request)
        return None if cookie is None else visitors.name(cookie, of)

    async def commit(self, unit: Callable[[Work], BaseModel | None]) -> Response:
        """Do the work in one transaction, once for each Idempotency-Key, and answer with it."""
        status: int = self._request.scope["route"].status_code or 200
        attempt = await idempotency.attempt_of(self._request, self.actor, self.house.now())

        def whole(work: Work) -> Answer:
            if attempt and (known := idempotency.claim(work.connection, attempt)):
                return known
            result = unit(work)
            body = b"" if result is None else result.model_dump_json(by_alias=True).encode()
            answer = Answer(status=status, body=body)
            if attempt:
                idempotency.settle(work.connection, attempt, answer)
            return answer

        return _response(await self.house.store.work(self.actor, whole))


def called(request: Request, house: Annotated[House, Depends(serving)]) -> Call:
    return Call(request, house)


def _response(answer: Answer) -> Response:
    headers = {"Idempotent-Replay": "true"} if answer.replayed else {}
    media_type = "application/json" if answer.body else None
    return Response(answer.body, answer.status, headers, media_type)


_FORM = re.compile(r"cnv_[A-Za-z0-9_-]{1,60}\Z")


def _possible(conversation_id: Annotated[str, Path(description="Begins with `cnv_`.")]) -> str:
    """An id that no conversation can have is one that none has."""
    if not _FORM.match(conversation_id):
        raise NotFound("There is no such conversation.")
    return conversation_id


#: The id in the address of a conversation.
ConversationId = Annotated[str, Depends(_possible)]


def watching(
    request: Request, house: Annotated[House, Depends(serving)], conversation_id: ConversationId
) -> str:
    """Under which name the conversation knows whoever asks."""
    return house.visitors.name(house.visitors.known(request), conversation_id)


#: The name of whoever asks, in the conversation of the address.
Viewer = Annotated[str, Depends(watching)]
