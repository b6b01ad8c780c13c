"""One conversation in the terminal, with the same engine as everywhere."""

import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from chimera.api.errors import InvalidFields, invalid_fields
from chimera.app import Parts, create_house, open_parts
from chimera.app.sealed import read_setup
from chimera.app.system import SystemClock, TimeOrderedIds
from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.errors import Invalid
from chimera.core.ids import Clock, IdSource
from chimera.core.state import ConversationState, apply
from chimera.features.conversations.casting import seat_all
from chimera.features.conversations.schemas import Conversation, CreateConversation
from chimera.features.conversations.service import create
from chimera.lab.clockwork import CountedIds
from chimera.settings import Settings
from chimera.store.database import Work

#: A conversation whose providers fail this often in a row has nobody left to speak.
FAILURES = 4
#: The gels as a terminal can show them.
GELS = {
    "rose": "#f2a7b5", "coral": "#f4a892", "amber": "#ecb377", "straw": "#dcbf73",
    "moss": "#9ad08f", "verdigris": "#7fd8b3", "lagoon": "#75d3d6", "steel": "#88cbf5",
    "periwinkle": "#a9c0fb", "wisteria": "#cbb3f5", "orchid": "#e9a9da", "lime": "#c1ca78",
}  # fmt: skip


CURTAIN = {
    "turns": "All turns are over.", "time": "The time is over.", "tokens": "All tokens are spent.",
    "budget": "The budget is spent.", "phrase": "The last word was said.",
}  # fmt: skip

WAITING = {
    "providers_down": "The house waits: nobody answers.",
    "credential": "The house waits: the key was refused. See: chimera providers check",
    "budget": "The house waits: the budget is spent.",
}  # fmt: skip


class JumpingClock:
    """A clock that is moved to the next turn instead of being waited for."""

    def __init__(self, real: Clock) -> None:
        self._real = real
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._real.now() + self._ahead

    def monotonic(self) -> float:
        return self._real.monotonic() + self._ahead.total_seconds()

    def jump(self, to: datetime) -> None:
        self._ahead += max(timedelta(), to - self.now())


async def play(
    settings: Settings,
    body: dict[str, Any],
    *,
    given: str | None = None,
    save: bool,
    data_dir: Path | None,
    as_json: bool,
) -> bool:
    """Play it to its end; whether the providers failed. `given`: the provider set by an option."""
    # A conversation of which nothing is kept may still be played with the keys that are.
    plans = None if save else (await read_setup(settings, but=given)).plans()
    instant = body["pace"]["mode"] == "instant"
    clock = JumpingClock(SystemClock()) if instant else SystemClock()
    async with AsyncExitStack() as stack:
        folder = data_dir or settings.server.data_dir
        if not save:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = settings.server.model_copy(update={"data_dir": folder})
        alone: dict[str, Any] = {
            "server": server,
            "redis": settings.redis.model_copy(update={"url": None}),
        }
        if not save:
            alone["database"] = settings.database.model_copy(update={"url": None})
        ids: IdSource = TimeOrderedIds() if save else CountedIds()
        parts = await stack.enter_async_context(
            open_parts(settings.model_copy(update=alone), clock=clock, ids=ids, plans=plans)
        )
        await parts.models.catalog.refresh()
        conversation_id = await _begin(parts, body)
        script = JsonScript() if as_json else TerminalScript(Console())
        return await _play(parts, conversation_id, script, clock)


async def _begin(parts: Parts, body: dict[str, Any]) -> str:
    house = create_house(parts, hosts=frozenset())

    def begin(work: Work) -> Conversation:
        return create(work, house, wanted, seat_all(work.connection, house, wanted.cast))

    try:
        wanted = CreateConversation.model_validate(body)
        return (await parts.store.work(ev.HOST, begin)).id
    except ValidationError as error:
        raise in_words(invalid_fields(error.errors())) from None
    except InvalidFields as error:
        raise in_words(error) from None


def in_words(error: InvalidFields) -> Invalid:
    """Everything that is wrong in one line; what several seats share is said once."""
    said: dict[str, str] = {}
    for path, sentence in error.fields:
        said.setdefault(sentence, path)
    return Invalid("; ".join(f"{path}: {sentence}" for sentence, path in said.items()))


async def _play(parts: Parts, conversation_id: str, script: "Script", clock: Clock) -> bool:
    """Ring for one turn after the other, as the docket would."""
    end = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(_read(parts, conversation_id, script, end))
        failed = False
        while not failed and (due := await parts.turns.run(conversation_id)) is not None:
            if isinstance(clock, JumpingClock):
                clock.jump(due)
            else:
                await asyncio.sleep(max(0.0, (due - clock.now()).total_seconds()))
            failed = script.state.failures >= FAILURES or script.state.status == "paused"
        if not failed:
            await end.wait()
        reader.cancel()
    script.close()
    return failed or script.state.status == "paused" or script.unplayed


async def _read(parts: Parts, conversation_id: str, script: "Script", end: asyncio.Event) -> None:
    async for heard in parts.journal.follow(conversation_id, after=0):
        script.show(heard)
        # Nobody is here to resume what pauses by itself.
        if script.state.status in {"ended", "paused"}:
            end.set()


class Script:
    """What is shown of a conversation, as it happens."""

    def __init__(self) -> None:
        self.state = ConversationState(id="")
        self._played = False

    @property
    def unplayed(self) -> bool:
        """Whether models were asked for, and not one line was theirs."""
        models = [each for each in self.state.participants if each.provider != "scripted"]
        return bool(models) and self.state.finished > 0 and not self._played

    def show(self, heard: ev.Envelope | ev.Signal) -> None:
        """Take in one frame."""
        if isinstance(heard, ev.Envelope):
            self.state = apply(self.state, heard)
            if isinstance(heard.body, ev.MessageCompleted) and not heard.body.scripted:
                self._played = True

    def close(self) -> None:
        """Nothing more comes."""


class JsonScript(Script):
    """One frame a line: the events and the deltas of `api.md` section 4."""

    def show(self, heard: ev.Envelope | ev.Signal) -> None:
        super().show(heard)
        if isinstance(heard, ev.Envelope):
            frame: dict[str, Any] = {"kind": "event", **heard.wire()}
        elif heard.type == "message.delta":
            frame = heard.wire()
        else:
            return
        print(json.dumps(frame, ensure_ascii=False), flush=True)


class TerminalScript(Script):
    """A play-script: names in the margin in their gel, stage directions in italics."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._shown = ""
        self._message_id = ""

    def show(self, heard: ev.Envelope | ev.Signal) -> None:
        super().show(heard)
        if isinstance(heard, ev.Signal):
            self._signal(heard)
            return
        match heard.body:
            case ev.ConversationCreated() as body:
                self._open(body)
            case ev.TurnStarted() as body if self.state.pace.mode == "stream":
                self._name(self.state.seat(body.participant_id).participant)
                self._aside(heard)
                self._message_id, self._shown = body.message_id, ""
            case ev.MessageCompleted() as body:
                self._complete(body, heard)
            case ev.TurnFailed() as body:
                who = self.state.seat(body.participant_id).participant.name
                self._direction(f"{who} breaks off: {body.detail or body.code}")
            case ev.ConversationPaused(because=because):
                self._direction(WAITING.get(because or "", "The conversation pauses."))
            case ev.ConversationEnded(because=because):
                self._direction(f"Curtain. {CURTAIN.get(because, because)}")
            case _:
                return

    def close(self) -> None:
        lines, cost = self.state.finished, self.state.cost
        scripted = all(each.provider == "scripted" for each in self.state.participants)
        how = "improvised by the house, no model asked" if scripted else f"${cost:.4f}"
        self._console.print(f"[dim]{lines} lines · {how} · seed {self.state.seed}[/]")

    def _open(self, body: ev.ConversationCreated) -> None:
        self._console.print()
        self._console.print(Text(body.title, style="bold"))
        cast = Text("with ", style="dim italic")
        for place, each in enumerate(body.participants):
            cast.append(", " if place else "")
            cast.append(each.name, style=GELS[each.color])
        self._console.print(cast)

    def _name(self, speaker: Participant) -> None:
        self._console.print()
        self._console.print(Text(speaker.short.upper(), style=f"bold {GELS[speaker.color]}"))

    def _signal(self, signal: ev.Signal) -> None:
        if signal.type != "message.delta" or signal.body["message_id"] != self._message_id:
            return
        self._say(signal.body["text"])
        self._shown += signal.body["text"]

    def _aside(self, heard: ev.Envelope) -> None:
        """To whom alone something is said."""
        for who in () if heard.visibility == "all" else heard.visibility:
            if who != heard.actor.id:
                self._direction(f"to {self.state.seat(who).participant.short} alone")

    def _complete(self, body: ev.MessageCompleted, heard: ev.Envelope) -> None:
        if body.message_id != self._message_id:
            self._name(self.state.seat(body.participant_id).participant)
            self._aside(heard)
            self._shown = ""
        rest = body.text.removeprefix(self._shown)
        if not body.text.startswith(self._shown):
            self._say("\n")
        self._say(rest + ("—" if body.ending == "cut_off" else "") + "\n")
        self._message_id, self._shown = "", ""
        if body.with_:
            ally = self.state.seat(body.with_.participant_id).participant.short
            self._direction(f"{ally} has ended the line")
        if body.route.understudy_for:
            self._direction(f"Read for {body.route.understudy_for}: {body.route.why}.")

    def _say(self, text: str) -> None:
        # Word by word, so that what streams is wrapped only by the terminal itself.
        sys.stdout.write(text)
        sys.stdout.flush()

    def _direction(self, text: str) -> None:
        self._console.print()
        self._console.print(Text(f"[{text}]", style="dim italic"))
