"""Several processes of one house under one parent, which replaces whoever dies.

The web processes share one door: the parent opens the socket, and whoever is free takes the next
one who knocks. With a socket for each (SO_REUSEPORT) the kernel would turn away those who wait at
the door of a process that goes. Parent and child hold the two ends of a socket, the child as its
standard input: it says that it is ready, and goes when its parent is gone.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from chimera.core.errors import Unready

#: After so long a process that does not come up is tried again; each time twice as long.
PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
READY = b"+"
LONGEST_LINE = 1 << 20

log = structlog.get_logger()

#: Gets a process's name and a line it wrote.
Said = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What one process of the house does: its command, and settings that are its own."""

    name: str
    words: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Where it lets people in.
    door: socket.socket | None = None

    @property
    def command(self) -> Sequence[str]:
        door = () if self.door is None else ("--door", str(self.door.fileno()))
        return (sys.executable, "-m", "chimera", *self.words, "--leashed", *door)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A process in a role."""

    process: Process
    leash: socket.socket

    async def is_ready(self) -> bool:
        """Whether it is up; False once it has ended without."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            return await loop.sock_recv(self.leash, 1) == READY
        return False

    def signal(self, number: int) -> None:
        # It may have gone a moment ago.
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


class Leash:
    """The child's end: its standard input."""

    def __init__(self) -> None:
        self._socket = socket.socket(fileno=os.dup(sys.stdin.fileno()))
        self._socket.setblocking(False)

    def say_ready(self) -> None:
        # A parent that has gone is heard of by the reader.
        with contextlib.suppress(OSError):
            self._socket.send(READY)

    def on_release(self, call: Callable[[], None]) -> None:
        """Have it called when the parent is gone: it never writes."""
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(self._socket)
            call()

        loop.add_reader(self._socket, gone)


class Fleet:
    """Keeps a process in each role until it is told to stop.

    SIGTERM and SIGINT are passed on; SIGHUP renews one process after the other, the new one first.
    """

    def __init__(self, roles: Sequence[Role], *, said: Said | None = None) -> None:
        """`said`: who hears what the processes write; else it goes where ours goes."""
        self._roles = roles
        self._said = said
        self._members: set[Member] = set()
        self._renew = {role.name: asyncio.Event() for role in roles}
        self._one_at_a_time = asyncio.Lock()
        self._stopping = asyncio.Event()

    async def run(self, opened: Callable[[], None]) -> None:
        """Until it is told to stop; `opened` is called when all are ready.

        Raises Unready if one does not come up at the start.
        """
        self._listen()
        try:
            async with asyncio.TaskGroup() as group:
                raising = [group.create_task(self._first(role, group)) for role in self._roles]
                first = await asyncio.gather(*raising)
                if not self._stopping.is_set():
                    opened()
                for role, member in zip(self._roles, first, strict=True):
                    group.create_task(self._keep(role, member, group))
        finally:
            # Only those of a start that failed are still there.
            for member in self._members:
                member.signal(signal.SIGTERM)
            await asyncio.gather(*(each.process.wait() for each in self._members))

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._renew_all)

    def _stop(self, number: int) -> None:
        self._stopping.set()
        for member in self._members:
            member.signal(number)

    def _renew_all(self) -> None:
        for each in self._renew.values():
            each.set()

    async def _first(self, role: Role, group: asyncio.TaskGroup) -> Member:
        member = await self._start(role, group)
        if not await self._is_up(role, member) and not self._stopping.is_set():
            code = await member.process.wait()
            raise Unready(f"The process {role.name} did not come up.", exit_code=max(1, code))
        return member

    async def _keep(self, role: Role, member: Member, group: asyncio.TaskGroup) -> None:
        renew = self._renew[role.name]
        while True:
            asked = group.create_task(renew.wait())
            ended = group.create_task(member.process.wait())
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            if self._stopping.is_set():
                return
            if ended.done():
                log.warning("process_ended", role=role.name, code=ended.result())
                member = await self._again(role, group)
            else:
                renew.clear()
                member = await self._renewed(role, member, group)

    async def _again(self, role: Role, group: asyncio.TaskGroup) -> Member:
        """Another in its place, however often it takes."""
        pause = PAUSE_S
        while True:
            member = await self._start(role, group)
            if await self._is_up(role, member) or self._stopping.is_set():
                return member
            log.warning("process_not_up", role=role.name, code=await member.process.wait())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _renewed(self, role: Role, old: Member, group: asyncio.TaskGroup) -> Member:
        """The new one first: there is always one that answers."""
        async with self._one_at_a_time:
            new = await self._start(role, group)
            if not await self._is_up(role, new):
                log.warning("process_not_renewed", role=role.name)
                return old
            old.signal(signal.SIGTERM)
            await old.process.wait()
            log.info("process_renewed", role=role.name)
            return new

    async def _is_up(self, role: Role, member: Member) -> bool:
        up = await member.is_ready()
        if up:
            log.info("process_up", role=role.name, pid=member.process.pid)
        return up

    async def _start(self, role: Role, group: asyncio.TaskGroup) -> Member:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        output = None if self._said is None else PIPE
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *role.command,
                stdin=theirs.fileno(), stdout=output, stderr=output, limit=LONGEST_LINE,
                env=os.environ | role.settings,
                pass_fds=() if role.door is None else (role.door.fileno(),),
                # The terminal's Ctrl-C reaches it through us, once.
                start_new_session=True,
            )  # fmt: skip
        member = Member(process=process, leash=ours)
        self._members.add(member)
        group.create_task(self._attend(role, member))
        return member

    async def _attend(self, role: Role, member: Member) -> None:
        """Pass on what it says until it ends."""
        streams = [each for each in (member.process.stdout, member.process.stderr) if each]
        await asyncio.gather(*(self._pass_on(role, stream) for stream in streams))
        await member.process.wait()
        self._members.discard(member)
        member.leash.close()

    async def _pass_on(self, role: Role, stream: asyncio.StreamReader) -> None:
        assert self._said is not None  # noqa: S101 - else there is no pipe
        async for line in stream:
            self._said(role.name, line)
