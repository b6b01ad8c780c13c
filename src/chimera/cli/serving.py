"""Run the house: open its parts, accept people, and close without cutting anybody off."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address

import structlog
import uvicorn

from chimera.api.protocol import Guarded
from chimera.app import Parts, create_app, create_house, open_first_show, open_parts
from chimera.core.errors import Unready
from chimera.settings import Settings

log = structlog.get_logger()

#: How many may stand at the door.
BACKLOG = 2048
#: How long running turns may take to end: a deploy waits for a sentence, a person at the keyboard
#: does not.
PATIENCE_S = {signal.SIGTERM: 25.0, signal.SIGINT: 2.0}


class Server(uvicorn.Server):
    """Uvicorn closes its sockets first of all; the signals are ours, so that it does so last."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class Stop:
    """The first signal asks for a stop, the second insists."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.patience = 0.0
        self.insisted = asyncio.Event()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number, patience in PATIENCE_S.items():
            loop.add_signal_handler(number, self._hear, patience)

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


async def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Serve until a signal. Raises Unready if it cannot start."""
    check_exposure(settings.server.host)
    if not with_worker and settings.redis.url is None:
        raise Unready("--no-worker needs Redis: set CHIMERA_REDIS__URL.", exit_code=2)
    with contextlib.closing(bind(settings.server.host, settings.server.port)) as door:
        async with open_parts(settings) as parts:
            # Until here a signal ends the process at once: there is nobody to wait for.
            stop = Stop()
            stop.listen()
            await _serve(parts, door, stop, with_worker=with_worker)


async def _serve(parts: Parts, door: socket.socket, stop: Stop, *, with_worker: bool) -> None:
    port: int = door.getsockname()[1]
    house = create_house(parts, hosts=names_of(port))
    if parts.settings.engine.house:
        minutes = parts.settings.engine.house_idle_minutes
        await open_first_show(house, idle_minutes=minutes)
    server = Server(_config(parts.settings, create_app(house)))
    async with asyncio.TaskGroup() as group:
        working = [
            group.create_task(parts.models.run()),
            group.create_task(parts.keys.run()),
        ]
        if with_worker:
            working.append(group.create_task(parts.worker.run()))
        serving = group.create_task(server.serve(sockets=[door]))
        # From here on whoever comes is not turned away, though the server may take a moment.
        door.listen(BACKLOG)
        host = settings_host(parts.settings)
        log.info("open", address=f"http://{host}:{port}", data=str(parts.settings.server.data_dir))
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


def _config(settings: Settings, app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]  # an ASGI application
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


async def run_worker(settings: Settings) -> None:
    """Only turns, until a signal. Raises Unready without a database and Redis to share."""
    if settings.redis.url is None or settings.database.url is None:
        raise Unready(
            "A worker shares its work with other processes: set CHIMERA_DATABASE__URL"
            " (PostgreSQL) and CHIMERA_REDIS__URL.",
            exit_code=2,
        )
    async with open_parts(settings) as parts, asyncio.TaskGroup() as group:
        stop = Stop()
        stop.listen()
        tasks = [
            group.create_task(parts.worker.run()),
            group.create_task(parts.models.run()),
            group.create_task(parts.keys.run()),
        ]
        log.info("working", concurrency=settings.engine.concurrency)
        await stop.asked.wait()
        await _drain(parts, stop)
        for task in tasks:
            task.cancel()
