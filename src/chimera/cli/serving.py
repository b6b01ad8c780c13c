"""Run the house: open its parts, accept people, and close without cutting anybody off."""

import asyncio
import signal
import socket
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address

import structlog
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chimera.api.protocol import Guarded
from chimera.app import LEAST_DISK, Parts, create_app, create_house, open_first_show, open_parts
from chimera.cli.fleet import Fleet, Leash, Role
from chimera.core.errors import Unready
from chimera.settings import Settings

log = structlog.get_logger()

#: How many may stand at the door.
BACKLOG = 2048
#: How long running turns may take to end: a deploy waits for a sentence, a person at the keyboard
#: does not.
PATIENCE_S = {signal.SIGTERM: 25.0, signal.SIGINT: 2.0}
#: Who was let in last is still listened to for so long.
LET_IN_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a process stands among others of the house."""

    leash: Leash | None = None
    #: A socket that its siblings accept from too; else it opens one of its own.
    door: int | None = None

    def say_ready(self) -> None:
        if self.leash is not None:
            self.leash.say_ready()


ALONE = Place()


def place_of(*, leashed: bool, door: int | None = None) -> Place:
    return Place(leash=Leash() if leashed else None, door=door)


class Server(uvicorn.Server):
    """Uvicorn closes its sockets first of all; the signals are ours, so that it does so last."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in, hear out who is in, then go."""
        for each in self.servers:
            each.close()
        if not self.force_exit:
            await asyncio.sleep(LET_IN_S)
        await super().shutdown(sockets)


class Leaving:
    """Tells those who keep their connection, once the process is about to go, to make another."""

    def __init__(self, app: ASGIApp, draining: asyncio.Event) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._draining.is_set():
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        # A socket is written to the short way only where nothing stands before the server's `send`.
        await self._app(scope, receive, last if scope["type"] == "http" else send)


class Stop:
    """The first signal asks for a stop, the second insists."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.patience = 0.0
        self.insisted = asyncio.Event()

    def listen(self, place: Place) -> None:
        loop = asyncio.get_running_loop()
        for number, patience in PATIENCE_S.items():
            loop.add_signal_handler(number, self._hear, patience)
        if place.leash is not None:
            place.leash.on_release(partial(self._hear, PATIENCE_S[signal.SIGTERM]))

    def _hear(self, patience: float) -> None:
        if self.asked.is_set():
            self.insisted.set()
        self.patience = patience
        self.asked.set()


def check_exposure(host: str) -> None:
    """Raises Unready(7) for an address that other machines reach: there is no sign-in yet."""
    if host == "localhost":
        return
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        raise Unready(f"{host!r} is not an address to listen on.", exit_code=2) from None
    if not loopback:
        raise Unready(
            f"Chimera has no sign-in in local mode, so it does not listen on {host}; "
            "use 127.0.0.1 or ::1.",
            exit_code=7,
        )


def bind(host: str, port: int) -> socket.socket:
    """The socket people will come to. Raises Unready(6) if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise Unready(
            f"Port {port} on {host} cannot be used ({error.strerror}). "
            "Choose another with PORT= or --port.",
            exit_code=6,
        ) from None
    return door


def names_of(port: int) -> frozenset[str]:
    return frozenset(f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]"))


def door_of(place: Place, host: str, port: int) -> socket.socket:
    return bind(host, port) if place.door is None else socket.socket(fileno=place.door)


async def serve(settings: Settings, *, with_worker: bool = True, place: Place = ALONE) -> None:
    """Serve until a signal. Raises Unready if it cannot start."""
    check_exposure(settings.server.host)
    if not with_worker and settings.redis.url is None:
        raise Unready("--no-worker needs Redis: set CHIMERA_REDIS__URL.", exit_code=2)
    with closing(door_of(place, settings.server.host, settings.server.port)) as door:
        async with open_parts(settings) as parts:
            # Until here a signal ends the process at once: there is nobody to wait for.
            stop = Stop()
            stop.listen(place)
            await _serve(parts, door, stop, place, with_worker=with_worker)


async def serve_many(settings: Settings, *, processes: int, with_worker: bool = True) -> None:
    """Serve from so many processes until a signal. Raises Unready if they cannot start."""
    check_exposure(settings.server.host)
    if settings.redis.url is None or settings.database.url is None:
        raise Unready(
            "Several processes cannot share the embedded database: for --workers set"
            " CHIMERA_DATABASE__URL (PostgreSQL) and CHIMERA_REDIS__URL.",
            exit_code=2,
        )
    with closing(bind(settings.server.host, settings.server.port)) as door:
        # Whoever comes early waits until the first process is ready.
        door.listen(BACKLOG)
        words = [
            "serve", "--host", settings.server.host, "--data-dir", str(settings.server.data_dir),
            "--worker" if with_worker else "--no-worker",
        ]  # fmt: skip
        address = f"http://{settings_host(settings)}:{door.getsockname()[1]}"
        fleet = Fleet(apart(web_roles(processes, words, door), settings.metrics.port))
        await fleet.run(lambda: log.info("open", address=address, processes=processes))


def web_roles(count: int, words: Sequence[str], door: socket.socket) -> Sequence[Role]:
    """Web processes at one door; the first show of a new house is opened by the first alone."""
    others = {"CHIMERA_ENGINE__HOUSE": "false"}
    return [
        Role(
            name=f"web {number + 1}",
            words=tuple(words),
            settings=others if number else {},
            door=door,
        )
        for number in range(count)
    ]


def apart(roles: Sequence[Role], port: int | None) -> Sequence[Role]:
    """A port for metrics to each, one after the other: two cannot have the same."""
    if not port:
        return roles
    return [
        replace(each, settings={**each.settings, "CHIMERA_METRICS__PORT": str(port + number)})
        for number, each in enumerate(roles)
    ]


async def _serve(
    parts: Parts, door: socket.socket, stop: Stop, place: Place, *, with_worker: bool
) -> None:
    port: int = door.getsockname()[1]
    house = create_house(parts, hosts=names_of(port))
    if parts.settings.engine.house:
        minutes = parts.settings.engine.house_idle_minutes
        await open_first_show(house, idle_minutes=minutes)
    server = Server(_config(parts.settings, Leaving(create_app(house), house.draining)))
    async with asyncio.TaskGroup() as group:
        working = [
            group.create_task(parts.models.run()),
            group.create_task(parts.keys.run()),
            group.create_task(parts.lookout.run()),
            group.create_task(parts.store.watch(least_free=LEAST_DISK)),
        ]
        if with_worker:
            working.append(group.create_task(parts.worker.run()))
        serving = group.create_task(server.serve(sockets=[door]))
        # From here on whoever comes is not turned away, though the server may take a moment.
        door.listen(BACKLOG)
        host = settings_host(parts.settings)
        log.info("open", address=f"http://{host}:{port}", data=str(parts.settings.server.data_dir))
        place.say_ready()
        await _wait_for_any(stop.asked, serving)
        house.draining.set()
        await _drain(parts, stop)
        for task in working:
            task.cancel()
        server.should_exit, server.force_exit = True, stop.insisted.is_set()
    log.info("closed")


def settings_host(settings: Settings) -> str:
    host = settings.server.host
    return f"[{host}]" if ":" in host else host


def _config(settings: Settings, app: Leaving) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]  # uvicorn has types of its own for ASGI
        host=settings.server.host,
        http=Guarded,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=65_536,
        ws_max_queue=16,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="off",
    )


async def _wait_for_any(asked: asyncio.Event, serving: "asyncio.Task[None]") -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(asked.wait())
        await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()


async def _drain(parts: Parts, stop: Stop) -> None:
    """Let what is being said be finished, unless somebody insists."""
    await parts.turns.close()
    async with asyncio.TaskGroup() as group:
        insisted = group.create_task(stop.insisted.wait())
        drained = group.create_task(parts.worker.drain(stop.patience))
        await asyncio.wait({insisted, drained}, return_when=asyncio.FIRST_COMPLETED)
        insisted.cancel()
        drained.cancel()


async def run_worker(settings: Settings, *, place: Place = ALONE) -> None:
    """Only turns, until a signal. Raises Unready without a database and Redis to share."""
    if settings.redis.url is None or settings.database.url is None:
        raise Unready(
            "A worker shares its work with other processes: set CHIMERA_DATABASE__URL"
            " (PostgreSQL) and CHIMERA_REDIS__URL.",
            exit_code=2,
        )
    async with open_parts(settings) as parts, asyncio.TaskGroup() as group:
        stop = Stop()
        stop.listen(place)
        tasks = [
            group.create_task(parts.worker.run()),
            group.create_task(parts.models.run()),
            group.create_task(parts.keys.run()),
            group.create_task(parts.lookout.run()),
            group.create_task(parts.store.watch(least_free=LEAST_DISK)),
        ]
        log.info("working", concurrency=settings.engine.concurrency)
        place.say_ready()
        await stop.asked.wait()
        await _drain(parts, stop)
        for task in tasks:
            task.cancel()
