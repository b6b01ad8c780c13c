"""The one way out of the house: HTTP calls with deadlines, streams that stay fair to each other."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver

from chimera.core.errors import (
    BadStream,
    InvalidRequest,
    ProviderDown,
    ProviderError,
    ProviderSlow,
)
from chimera.core.generation import Chunk, Reasoning, Text
from chimera.core.ids import Clock
from chimera.providers.addresses import AddressGuard, AddressRefused, Dial, GuardedResolver
from chimera.providers.failures import from_answer, redact
from chimera.providers.framing import LineSplitter

_ANSWER_LIMIT = 1024 * 1024
_ERROR_LIMIT = 64 * 1024
#: Chunks handed on before other streams get their turn: a buffered stream never suspends by itself.
_BURST = 32
_A_DAY = 86_400.0
#: Seconds to wait for accounting after the answer itself has ended.
_TAIL = 1.0
#: What can go wrong between us and a service.
_NETWORK_ERRORS = (aiohttp.ClientError, OSError)
_CREDENTIALS = frozenset({"authorization", "x-api-key", "x-goog-api-key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds a stream may make us wait, each counted in tokens, never in bytes."""

    connect: float = 5.0
    #: From the start of the call, connecting included.
    first_token: float = 20.0
    gap: float = 15.0
    total: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """What a codec wants sent."""

    method: str
    url: str
    #: Among them is the key, which a representation must not show.
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes | None = field(default=None, repr=False)
    #: A JSON body is the stream itself, not a refusal in its place.
    json_stream: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials in the headers, to be cut out of whatever is quoted."""
        return tuple(
            value.removeprefix("Bearer ")
            for name, value in self.headers.items()
            if name.lower() in _CREDENTIALS
        )


class Decoder(Protocol):
    """Turns the bytes of one answer into chunks, without I/O."""

    @property
    def complete(self) -> bool:
        """The answer has ended; what may follow is accounting."""
        ...

    @property
    def done(self) -> bool:
        """Nothing more is wanted, even if more would come."""
        ...

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """The chunks that these bytes complete. Raises ProviderError."""
        ...

    def close(self) -> Sequence[Chunk]:
        """The last chunks; raises TruncatedStream if the bytes ended before the answer did."""
        ...


class _Watch:
    """When the patience with an answer ends; only tokens renew it.

    One timer for a whole stream, set anew only when a deadline comes nearer: a timeout around each
    read would cost as much as the reading.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._deadlines = deadlines
        self._total = now + deadlines.total
        self._next = now + deadlines.first_token
        self._stage = "first_byte"
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        #: The answer whose next bytes are being waited for.
        self._awaited: aiohttp.ClientResponse | None = None
        self._rang = False

    @property
    def until(self) -> float:
        return min(self._next, self._total)

    @property
    def expired(self) -> bool:
        return self._loop.time() >= self.until

    def token(self) -> None:
        self._stage = "gap"
        self._renew(self._loop.time() + self._deadlines.gap)

    def ending(self) -> None:
        """The answer is complete; only a moment is left for what follows it."""
        self._renew(min(self._next, self._loop.time() + _TAIL))

    async def some(self, response: aiohttp.ClientResponse) -> bytes:
        """The next bytes of an answer, none at its end. Raises ProviderError."""
        if self._timer is None:
            self._set()
        self._awaited = response
        try:
            return await response.content.readany()
        except _NETWORK_ERRORS as error:
            raise self.failure(error) from error
        finally:
            self._awaited = None

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def failure(self, error: Exception) -> ProviderError:
        """What went wrong on the way, by its name."""
        match error:
            case aiohttp.ConnectionTimeoutError():
                return ProviderSlow("no connection in time", stage="connect")
            case TimeoutError():
                return self.slow()
            case _ if self._rang:
                return self.slow()
            case aiohttp.InvalidURL():
                return InvalidRequest(f"not a URL to call: {redact(str(error))}")
            case aiohttp.ClientResponseError():
                return BadStream(f"the answer is not HTTP: {redact(str(error))}")
            case _ if isinstance(error.__cause__, AddressRefused):
                return InvalidRequest(str(error.__cause__))
            case aiohttp.ClientConnectorError():
                return _unreached(error)
            case _:
                return ProviderDown(f"the connection failed: {redact(str(error))}", sent=True)

    def slow(self) -> ProviderSlow:
        stage = self._stage if self._next < self._total else "total"
        wait = {
            "first_byte": self._deadlines.first_token,
            "gap": self._deadlines.gap,
            "total": self._deadlines.total,
        }[stage]
        return ProviderSlow(f"no token within {wait:g} s ({stage})", stage=stage)

    def _renew(self, deadline: float) -> None:
        self._next = deadline
        if self._timer is not None and deadline < self._rings_at:
            self._set()

    def _set(self) -> None:
        self.stop()
        self._rings_at = self.until
        self._timer = self._loop.call_at(self._rings_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if not self.expired:
            self._set()
        elif self._awaited is not None:
            # Whoever waits is woken by it. A reader that is busy looks at the time itself.
            self._rang = True
            self._awaited.close()


class Transport:
    """One aiohttp session for all calls; makes it at the first, inside the running loop."""

    def __init__(
        self,
        *,
        clock: Clock,
        allowed: Iterable[tuple[str, int]] = (),
        deadlines: Deadlines | None = None,
        resolver: AbstractResolver | None = None,
        dial: Dial | None = None,
    ) -> None:
        self._clock = clock
        self._deadlines = deadlines or Deadlines()
        self._guard = AddressGuard(allowed, dial=dial)
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def stream(self, call: HttpCall, decoder: Decoder) -> AsyncGenerator[Chunk]:
        """The answer's chunks as they come; leaving the iterator closes the connection."""
        watch = _Watch(self._deadlines)
        burst = 0
        async with self._open(call, watch) as response:
            await self._require_stream(call, response, watch)
            while not decoder.done and (data := await self._read(response, watch, decoder)):
                for chunk in decoder.feed(data):
                    yield chunk
                    burst += 1
                    if burst % _BURST == 0:
                        await asyncio.sleep(0)
                    if isinstance(chunk, Text | Reasoning) and not decoder.complete:
                        watch.token()
                if decoder.complete:
                    watch.ending()
            for chunk in decoder.close():
                yield chunk

    async def lines(self, call: HttpCall, *, gap: float) -> AsyncGenerator[bytes]:
        """The lines of an answer that may take hours, if never more than `gap` seconds are silent.

        Leaving the iterator closes the connection.
        """
        watch = _Watch(Deadlines(first_token=gap, gap=gap, total=_A_DAY))
        splitter = LineSplitter()
        async with self._open(call, watch) as response:
            await self._require_stream(call, response, watch)
            while data := await watch.some(response):
                watch.token()
                for line in splitter.feed(data):
                    yield line
            for line in splitter.close():
                yield line

    async def fetch(self, call: HttpCall, *, within: float = 10.0) -> bytes:
        """The body of a short answer; raises ProviderError for every status but success."""
        watch = _Watch(Deadlines(first_token=within, total=within))
        async with self._open(call, watch) as response:
            body = await self._body(response, _ANSWER_LIMIT, watch)
            if not 200 <= response.status < 300:
                raise self._failure(call, response, body)
            if len(body) > _ANSWER_LIMIT:
                raise BadStream(f"the answer is longer than {_ANSWER_LIMIT} bytes")
            return body

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _open(self, call: HttpCall, watch: _Watch) -> AsyncGenerator[aiohttp.ClientResponse]:
        try:
            response = await self._request(call, watch)
            try:
                yield response
            finally:
                watch.stop()
                # An answer read to its end has already given its connection back.
                response.close()
        except ProviderError as failure:
            # Neither a decoder nor the wire knows what a service may not quote.
            _hide(call.secrets, failure)
            raise

    async def _request(self, call: HttpCall, watch: _Watch) -> aiohttp.ClientResponse:
        url = self._guard.check_url(call.url)
        try:
            async with asyncio.timeout_at(watch.until):
                return await self._client().request(
                    call.method, url, headers=call.headers, data=call.body, allow_redirects=False
                )
        except _NETWORK_ERRORS as error:
            raise watch.failure(error) from error

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = GuardedResolver(self._guard, self._resolver)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    # The gateway's bulkheads are the limit.
                    limit=0,
                    use_dns_cache=False,
                    resolver=resolver,
                    socket_factory=self._guard.open,
                ),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._deadlines.connect),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    async def _require_stream(
        self, call: HttpCall, response: aiohttp.ClientResponse, watch: _Watch
    ) -> None:
        kind = response.content_type
        refusal = kind == "text/html" or (kind == "application/json" and not call.json_stream)
        if 200 <= response.status < 300 and not refusal:
            return
        body = await self._body(response, _ERROR_LIMIT, watch)
        raise self._failure(call, response, body)

    async def _read(
        self, response: aiohttp.ClientResponse, watch: _Watch, decoder: Decoder
    ) -> bytes:
        """The next bytes; none at the end of the stream, or once the answer is complete anyway."""
        try:
            # Bytes that are always there never suspend, so no timer could ring in between.
            if watch.expired:
                raise watch.slow()
            return await watch.some(response)
        except ProviderError:
            if decoder.complete:
                return b""
            raise

    async def _body(self, response: aiohttp.ClientResponse, limit: int, watch: _Watch) -> bytes:
        body = b""
        while len(body) <= limit and (data := await watch.some(response)):
            body += data
        return body

    def _failure(
        self, call: HttpCall, response: aiohttp.ClientResponse, body: bytes
    ) -> ProviderError:
        return from_answer(
            response.status, response.headers, body, now=self._clock.now(), secrets=call.secrets
        )


def _hide(secrets: Sequence[str], failure: ProviderError) -> None:
    failure.message = redact(failure.message, secrets)
    failure.args = (failure.message,)


def _unreached(error: aiohttp.ClientConnectorError) -> ProviderDown:
    """In words of our own: who was never reached said nothing, and cannot ask money for it."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            said = f"Nobody knows a server named {error.host}."
        case aiohttp.ClientSSLError():
            said = f"no safe connection: {redact(str(error))}"
        case _:
            said = f"Nothing answers at {error.host}:{error.port}."
    return ProviderDown(said, sent=False)
