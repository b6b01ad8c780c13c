"""Whole conversations with no engine, clock or network: decide, plan, write, apply.

For figures about the director and the pacing, and for the tests that guard them. Time is a number
that the planned gaps move on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from chimera.core import aftermath, pacing, signals, stance
from chimera.core import events as ev
from chimera.core.company import duets
from chimera.core.conversation import Limits, Pace, Participant
from chimera.core.director import Decision, Direct, End, Speak, Wait, decide, labelled
from chimera.core.floor import ALONE, Counsel
from chimera.core.pacing import TurnPlan
from chimera.core.parts import OpenTurn
from chimera.core.persona import Character, Traits
from chimera.core.state import ConversationState, Line, apply
from chimera.engine.recall import load_sentiment

SYLLABLES = ("ka", "lo", "mi", "ren", "ta", "vo", "sil", "dur", "pe", "gan", "zan", "fru")

_STUB, _TROUPE = (ev.RouteRef(provider="stub", model="words"),
                  ev.RouteRef(provider="scripted", model="improv"))  # fmt: skip

#: What a participant says in its turn, or in its part of it.
Writer = Callable[[ConversationState, Speak], str]


def seat(index: int, *, talk: float = 0.5, tempo: float = 0.5, **character: object) -> Participant:
    """A participant without a story."""
    name = ("Ada", "Bruno", "Cleo", "Dora", "Emil", "Fritz", "Gerda", "Hugo")[index]
    return Participant(
        id=f"par_{index}", persona_id=f"per_{name.lower()}", slug=name.lower(),
        name=f"The {name}", short=name, color="steel", mask=name.lower(),
        provider="stub", model="words",
        character=Character.model_validate({"traits": Traits(talk=talk, tempo=tempo), **character}),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One finished turn of a headless conversation."""

    speak: Speak
    plan: TurnPlan
    text: str
    #: Words of the line before it; None for the first.
    previous: int | None


class Headless:
    """One conversation, played as fast as the machine can."""

    def __init__(
        self,
        cast: Sequence[Participant],
        *,
        seed: int = 1,
        topic: str = "Why do we whistle in the dark?",
        director: str = "show",
        pace: Pace | None = None,
        limits: Limits | None = None,
        whispers: bool = False,
        counsel: Counsel = ALONE,
    ) -> None:
        self._counsel = counsel
        self.state = ConversationState(id="cnv_headless")
        self.now = 1_700_000_000_000
        self.log: list[ev.Envelope] = []
        self.played: list[Played] = []
        self.waits = 0
        self.append(
            ev.ConversationCreated(
                title=topic, topic=topic, participants=tuple(cast), seed=seed,
                pace=pace or Pace(), limits=limits or Limits(), director=director,
                whispers=whispers,
            )
        )  # fmt: skip
        self.append(ev.ConversationStarted())

    def append(
        self, body: ev.Body, actor: ev.Actor = ev.SYSTEM, visibility: ev.Visibility = "all"
    ) -> ev.Envelope:
        """Put an event in the log, now."""
        envelope = ev.Envelope(
            conversation_id=self.state.id, seq=self.state.seq + 1, at=self.now,
            actor=actor, body=body, visibility=visibility,
        )  # fmt: skip
        self.log.append(envelope)
        self.state = apply(self.state, envelope)
        return envelope

    def post(self, text: str, *, name: str = "Anna", to: str | None = None) -> None:
        """A viewer says something, to one of the cast as a whisper."""
        author = ev.Author(kind="viewer", name=name)
        message_id = f"msg_v{self.state.seq}"
        body = ev.MessagePosted(message_id=message_id, author=author, text=text, to=to)
        self.append(body, ev.Actor(type="viewer"), (to,) if to else "all")

    def step(self, write: Writer) -> Decision:
        """Carry out the next decision."""
        decision = decide(self.state, self.now, labelled(self.state), self._counsel)
        match decision:
            case Speak():
                self._perform(decision, write)
            case Wait(seconds=seconds):
                self.waits += 1
                self.now += max(1, round(1000 * seconds))
            case Direct(bodies=bodies):
                for body in bodies:
                    self.append(body)
            case End(because=because, finale=finale):
                self.append(ev.ConversationEnded(because=because, finale=finale))
        return decision

    def run(self, turns: int, write: Writer) -> "Headless":
        """So many finished turns, or fewer if the conversation ends."""
        while len(self.played) < turns and self.state.status == "running":
            self.step(write)
        return self

    def _perform(self, speak: Speak, write: Writer) -> None:
        before = self.state
        parts = [write(before, duets.first(speak))]
        if speak.with_:
            read = self.read(speak.participant_id, parts[0], before.lines)
            heard = duets.halfway(
                before, speaker_id=speak.participant_id, message_id=f"msg_{before.turn}",
                text=parts[0], signals=read,
            )  # fmt: skip
            parts.append(write(heard, duets.second(speak)))
        text = " ".join(parts)
        plan = pacing.plan(before, speak, text, labelled(before))
        self.start(speak, plan)
        landed = (before.landed_at or before.started_at or 0) + round(1000 * plan.wait_s)
        self.now = max(self.now + 1, landed)
        self.finish(speak, *parts)
        previous = before.lines[-1].words if before.lines else None
        self.played.append(Played(speak=speak, plan=plan, text=text, previous=previous))

    def start(self, speak: Speak, plan: TurnPlan) -> None:
        """The coming turn begins."""
        number = self.state.turn
        partner = speak.with_ and ev.PartnerRef(participant_id=speak.with_, route=_STUB)
        self.append(
            ev.TurnStarted(
                turn_id=f"trn_{number}", message_id=f"msg_{number}", generation=number,
                participant_id=speak.participant_id, cause=speak.cause, bids=speak.bids,
                pause_ms=plan.pause_ms, pace=plan.draw, typing=plan.typing, note=speak.note,
                rungs=speak.rungs, recalled=tuple(each.id for each in speak.recalled) or None,
                route=_STUB,
            ).model_copy(update={"with_": partner or None}),
            visibility=speak.audience,
        )  # fmt: skip

    def finish(self, speak: Speak, text: str, second: str | None = None) -> None:
        """The open turn lands; `second` is what its partner adds in a duet."""
        turn, improv = self._open, self.improv(speak.participant_id)
        read = self._account(speak.participant_id, text)
        with_ = None
        if speak.with_ and second:
            read = duets.allied(read, speak.with_)
            added = duets.allied(self._account(speak.with_, second), speak.participant_id)
            text, offset = duets.joined(text, second)
            with_ = ev.PartRef(
                participant_id=speak.with_, route=_STUB, offset=offset, signals=added
            )
        cost = 0.001 if improv is None else 0.0
        self.append(
            ev.MessageCompleted(
                turn_id=turn.turn_id, message_id=turn.message_id, text=text,
                participant_id=speak.participant_id, signals=read, scripted=improv is not None,
                route=_STUB if improv is None else _TROUPE,
                usage=ev.UsageRef(input_tokens=100, output_tokens=len(text.split()), cost=cost),
            ).model_copy(update={"with_": with_}),
            visibility=speak.audience,
        )  # fmt: skip
        rng = labelled(self.state)
        for event in aftermath.follow(self.state, self.state.lines[-1], rng):
            self.append(event.body, event.actor, event.visibility)

    def improv(self, _who: str) -> Mapping[str, Any] | None:
        """The troupe's own account of the newest line it wrote for somebody."""
        return None

    def _account(self, who: str, text: str) -> ev.MessageSignals:
        read, improv = self.read(who, text, self.state.heard(who)), self.improv(who)
        return read if improv is None else read.model_copy(update=improv)

    def read(self, who: str, text: str, lines: Sequence[Line]) -> ev.MessageSignals:
        """What a line of the cast's says about itself, after these."""
        cast = self.state.participants
        read = signals.read(text, cast, who, lines)
        return stance.read(
            read, text, cast, who, lines, load_sentiment(),
            topic=self.state.topic, spoken=self.state.language,
        )  # fmt: skip

    @property
    def _open(self) -> OpenTurn:
        if self.state.open_turn is None:
            raise AssertionError("no turn is open")
        return self.state.open_turn

    def fail(self, speak: Speak, code: str) -> None:
        """The open turn does not land."""
        turn = self._open
        self.append(
            ev.TurnFailed(
                turn_id=turn.turn_id, message_id=turn.message_id, code=code,
                participant_id=speak.participant_id,
            )
        )  # fmt: skip


def random_words(seed: int, *, addressing: float = 0.0) -> Writer:
    """The Stub: made-up words of the asked length, now and then with somebody's name."""

    def write(state: ConversationState, speak: Speak) -> str:
        joins = speak.cause == "duet" and speak.with_ is None
        random = Random(f"{seed}:{state.turn}{':second' if joins else ''}")
        words = ["".join(random.choices(SYLLABLES, k=3)) for _ in range(max(1, speak.words))]
        others = [each for each in state.participants if each.id != speak.participant_id]
        if random.random() < addressing:
            words.insert(0, f"{random.choice(others).short},")
        return " ".join(words) + "."

    return write
