"""What this machine asks for one write to a socket, whoever sends: the floor of every fan-out."""

import asyncio
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import uvloop

SOURCE = Path(__file__).with_name("writes.c")
SOCKETS, ROUNDS, PAUSE_S = 1000, 100, 0.010


def microseconds(size: int) -> tuple[float, str]:
    """Processor time of a write of so many bytes, and by which program it was measured."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return _bare(size), "bare uvloop"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "writes"
        subprocess.run([compiler, "-O2", "-o", program, SOURCE], check=True)
        words = [SOCKETS, size, ROUNDS, round(PAUSE_S * 1e6)]
        said = subprocess.run(
            [program, *map(str, words)], check=True, capture_output=True, text=True, timeout=60
        )
    return float(said.stdout), "C"


def _bare(size: int) -> float:
    """The same where there is no compiler: transports of the loop and nothing above them."""
    return uvloop.run(_write_all(size))


async def _write_all(size: int) -> float:
    loop, data = asyncio.get_running_loop(), bytes(size)
    readers, transports = list[socket.socket](), list[asyncio.Transport]()
    for _ in range(SOCKETS):
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size * ROUNDS * 2)
        transport, _protocol = await loop.create_connection(asyncio.Protocol, sock=ours)
        transports.append(transport)
        readers.append(theirs)
    begun = time.process_time()
    for _ in range(ROUNDS):
        for transport in transports:
            transport.write(data)
        await asyncio.sleep(PAUSE_S)
    took = time.process_time() - begun
    for transport, reader in zip(transports, readers, strict=True):
        transport.close()
        reader.close()
    return 1e6 * took / ROUNDS / SOCKETS
