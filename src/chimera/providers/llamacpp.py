"""Models in GGUF files of this machine, run by llama.cpp in a process that is ours alone.

Beside the house and not inside it: loading holds Python's lock for seconds (measured: one for each
gigabyte, five from a cold disk), and where llama.cpp gives up it takes its process along.
"""

import asyncio
import json
import re
import secrets
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from chimera.core.errors import (
    InvalidRequest,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    UnknownModel,
)
from chimera.core.generation import Chunk, GenerationRequest, Health, Model
from chimera.core.ids import Clock
from chimera.providers.adapter import Body
from chimera.providers.addresses import origin_of
from chimera.providers.compatible import Compatible, CompatibleProvider, Thinking
from chimera.providers.failures import redact
from chimera.providers.llamacpp_child import READY
from chimera.providers.transport import Deadlines, Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

NAME = "llamacpp"
#: Tokens a model may keep in mind; our prompts need no more.
CONTEXT = 8192
#: Seconds a model may take to load: enough for 24 GB from a cold disk.
LOAD = 120.0
#: Reading a long prompt on a slow machine takes its time; a line has a minute in all.
_DEADLINES = Deadlines(connect=5, first_token=55, gap=15, total=60)
#: Seconds to wait for the line before, and for a process that was told to go.
_PATIENCE = 15.0
_FAREWELL = 5.0
_MAGIC = b"GGUF"
#: What llama.cpp puts before what it says: the time, and which of its functions speaks.
_SPEAKER = re.compile(r"^[\d.]+ \w (?:\w+: )?")
#: Later parts of a model in several files, and the eyes of one, cannot speak by themselves.
_NO_MODEL = re.compile(r"-(?!00001)\d{5}-of-\d{5}$|^mmproj")
_UNSPEAKABLE = re.compile(r"[^\x21-\x7e]")


def _thinking(model: str, thinking: Thinking) -> Body:
    del model
    return {"chat_template_kwargs": {"enable_thinking": thinking != "off"}}


_MEMBER = Compatible(name=NAME, base_url="", local=True, alternate=True, thinking=_thinking)


class _Server(CompatibleProvider):
    """The process as one of the compatible family."""

    def _headers(self) -> dict[str, str]:
        # It hangs up when it likes; a connection that waits for the next line may be gone by then.
        return super()._headers() | {"Connection": "close"}


class LlamaCppProvider:
    """Starts llama.cpp when it is first asked for something; it says one line at a time."""

    def __init__(
        self, *, path: Path, clock: Clock, context: int = CONTEXT, load: float = LOAD
    ) -> None:
        """`path` is a GGUF file or a folder of them; one has `load` seconds to be loaded."""
        self._path = path
        self._clock = clock
        self._context = context
        self._load = load
        self._turn = asyncio.Lock()
        self._child: _Child | None = None

    @property
    def name(self) -> str:
        return NAME

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        async with self._alone():
            provider = await self._awake(request.model)
            try:
                async with aclosing(provider.stream(request)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except ProviderDown:
                # It died, whether we have been told so already or not.
                await self.close()
                raise

    async def models(self) -> Sequence[Model]:
        """The files that are there, the loaded one first. Raises ProviderError."""
        files = await asyncio.to_thread(_files, self._path)
        loaded = self._child.model if self._child and self._child.alive else None
        found = [
            Model(id=name, context=self._context, loaded=name == loaded, vision=False)
            for name in files
        ]
        return sorted(found, key=lambda model: (not model.loaded, model.id))

    async def check(self) -> Health:
        try:
            models = await self.models()
        except ProviderError as error:
            return Health(ok=False, code=error.code, detail=error.message)
        return Health(ok=True, detail="1 model" if len(models) == 1 else f"{len(models)} models")

    async def preload(self, model: str) -> None:
        """Have a model loaded, in another's place. Raises ProviderError."""
        async with self._alone():
            await self._awake(model)

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end()

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turn.acquire()
        except TimeoutError as error:
            raise ProviderBusy("the model is still busy with another line") from error
        try:
            yield
        finally:
            self._turn.release()

    async def _awake(self, model: str) -> CompatibleProvider:
        """The model's server, ready. Who is cancelled meanwhile leaves it loading for the next."""
        child = self._child
        if child is None or child.model != model or not child.alive:
            files = await asyncio.to_thread(_files, self._path)
            if model not in files:
                raise UnknownModel(f"there is no model {model!r}; there are {', '.join(files)}")
            await self.close()
            child = self._child = await _Child.start(model, files[model], self._context)
        try:
            return await child.ready(self._clock, within=self._load)
        except ProviderError:
            await self.close()
            raise


@dataclass(slots=True)
class _Child:
    """The process that has the model; it ends when we do, because its input ends."""

    model: str
    process: Process
    key: "SecretStr"
    #: On the loop's clock.
    began: float
    #: The first it said: the cause of whatever followed.
    said: str = ""
    provider: CompatibleProvider | None = None

    @classmethod
    async def start(cls, model: str, file: Path, context: int) -> "_Child":
        from pydantic import SecretStr  # noqa: PLC0415 – it doubles what importing us costs

        key = secrets.token_urlsafe(32)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chimera.providers.llamacpp_child",
            stdin=PIPE, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
        began = asyncio.get_running_loop().time()
        child = cls(model=model, process=process, key=SecretStr(key), began=began)
        wanted = {"file": str(file), "context": context, "key": key}
        if process.stdin is not None:
            # A child that is gone already says so when it is listened to.
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(wanted).encode() + b"\n")
                await process.stdin.drain()
        return child

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def ready(self, clock: Clock, *, within: float) -> CompatibleProvider:
        """Who answers for the model, once it is loaded.

        Raises InvalidRequest if it cannot be, and ProviderDown if it is not in so many seconds
        since it began, however many have waited for it meanwhile.
        """
        while self.provider is None:
            try:
                async with asyncio.timeout_at(self.began + within):
                    told = await self._line()
            except TimeoutError:
                # It hears nothing while it loads, and would not go by itself.
                with suppress(ProcessLookupError):
                    self.process.kill()
                why = f"llama.cpp has not loaded {self.model} in {within:g} s, and was ended"
                raise ProviderDown(why) from None
            if told.startswith(READY):
                address = told.removeprefix(READY)
                transport = Transport(
                    clock=clock, allowed=[origin_of(address)], deadlines=_DEADLINES
                )
                self.provider = _Server(
                    _MEMBER, transport=transport, base_url=address, api_key=self.key
                )
            else:
                self.said = self.said or _SPEAKER.sub("", told)
        return self.provider

    async def end(self) -> None:
        if self.provider is not None:
            await self.provider.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_FAREWELL):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def _line(self) -> str:
        line = await self.process.stdout.readline() if self.process.stdout else b""
        if not line:
            why = redact(self.said) or "it does not say why"
            raise InvalidRequest(f"llama.cpp cannot load {self.model}: {why}")
        return line.decode(errors="replace").strip()


def _files(path: Path) -> Mapping[str, Path]:
    """The models by name. Raises ProviderError with what has to be done if there are none."""
    if find_spec("xllamacpp") is None:
        raise InvalidRequest("llama.cpp is not installed; install chimera with its extra [local]")
    if path.is_dir():
        there = [each for each in sorted(path.glob("*.gguf")) if not _NO_MODEL.search(each.stem)]
        files = {_name(each): each for each in there if _is_gguf(each)}
    elif path.is_file():
        if not _is_gguf(path):
            raise InvalidRequest(f"{path} is no GGUF file")
        files = {_name(path): path}
    else:
        raise InvalidRequest(f"there is no file or folder {path}")
    if not files:
        raise InvalidRequest(f"there is no GGUF file in {path}")
    return files


def _name(file: Path) -> str:
    return _UNSPEAKABLE.sub("-", file.stem)


def _is_gguf(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False
