"""Who claimed what, who objected, what was asked: read back from the lines' own signals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from chimera.core.state import ConversationState, Line
from chimera.providers.scripted.frames import Frame
from chimera.providers.scripted.novelty import word_set


@dataclass(slots=True, kw_only=True)
class Claim:
    """Something a participant holds, about the topic it was said under."""

    id: str
    by: str
    name: str
    turn: int
    angle: str | None
    side: str | None
    topic: str
    challengers: set[str] = field(default_factory=set[str])
    #: Whether a challenge is still waiting for its answer.
    open: bool = False
    answered: bool = False
    conceded: bool = False
    #: Lines that belonged to it.
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that its addressee has not answered yet."""

    by: str
    name: str
    question: str
    claim: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prop:
    """An object somebody brought on stage."""

    noun: str
    by: str
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The conversation as claims and questions."""

    claims: tuple[Claim, ...]
    asked: Mapping[str, Asked]
    #: Turn in which a clause was last used, by its id.
    used: Mapping[str, int]
    props: tuple[Prop, ...]
    acts: tuple[str, ...]
    #: Turns since the topic was named, and since it was spelt out.
    unnamed: int
    unspelt: int
    disclosed: bool
    #: Turns since the last question, callback, fact; large if there was none.
    since: Mapping[str, int]

    @property
    def thread(self) -> Claim | None:
        """The claim being talked about."""
        return self.claims[-1] if self.claims else None

    def claim(self, id_: str | None) -> Claim | None:
        return next((each for each in self.claims if each.id == id_), None)

    def rested(self, id_: str, turn: int, rest: int) -> bool:
        return id_ not in self.used or turn - self.used[id_] > rest


def read(state: ConversationState, frame: Frame, me: str) -> Ledger:
    """The ledger of everything that `me` has heard; who is worn out by use is so for everybody."""
    claims: dict[str, Claim] = {}
    asked: dict[str, Asked] = {}
    used: dict[str, int] = {}
    props: list[Prop] = []
    acts: list[str] = []
    last: dict[str, int] = {}
    disclosed = False
    for line in state.lines:
        signals = line.signals.improv if line.signals else None
        if line.participant_id is None:
            continue
        asked.pop(line.participant_id, None)
        if signals is None:
            acts.append("MODEL")
            continue
        used.update(dict.fromkeys(_list(signals, "parts"), line.turn))
        if not line.heard_by(me):
            continue
        acts.append(_text(signals, "act") or "CLAIM")
        last[acts[-1]] = line.turn
        disclosed = disclosed or bool(signals.get("disclosed"))
        if prop := _text(signals, "prop"):
            props.append(Prop(noun=prop, by=line.participant_id, turn=line.turn))
        _follow(claims, line, signals)
        if target := _text(signals, "ask"):
            asked[target] = Asked(
                by=line.participant_id, name=line.name,
                question=_text(signals, "question") or "", claim=_text(signals, "on"),
            )  # fmt: skip
    spoken = [line for line in state.lines if line.participant_id and line.seq > state.topic_seq]
    return Ledger(
        claims=tuple(claims.values()), asked=asked, used=used, props=tuple(props), acts=tuple(acts),
        unnamed=_unnamed(spoken, frame.named), disclosed=disclosed,
        unspelt=min(_since(spoken, each.lower()) for each in _spelt(frame)),
        since={act: state.finished - turn for act, turn in last.items()},
    )  # fmt: skip


def _spelt(frame: Frame) -> list[str]:
    """The forms in which the topic is spelt out."""
    return [each for each in (frame.phrase, frame.clause, frame.denied) if each]


def _follow(claims: dict[str, Claim], line: Line, signals: Mapping[str, JsonValue]) -> None:
    """Enter what a line did to the claims."""
    speaker = line.participant_id or ""
    if target := claims.get(_text(signals, "on") or ""):
        target.depth += 1
        match _text(signals, "act"):
            case "CHALLENGE" | "ASK" if speaker != target.by:
                target.challengers.add(speaker)
                target.open = True
            case "ANSWER" if speaker == target.by:
                target.open, target.answered = False, True
            case "CONCEDE":
                target.conceded = True
                target.open = False
            case _:
                pass
    if made := _text(signals, "claim"):
        claims[made] = Claim(
            id=made, by=speaker, name=line.name, turn=line.turn, angle=_text(signals, "angle"),
            side=_text(signals, "side"), topic=_text(signals, "topic") or "",
        )  # fmt: skip


def _text(signals: Mapping[str, JsonValue], key: str) -> str | None:
    value = signals.get(key)
    return value if isinstance(value, str) else None


def _list(signals: Mapping[str, JsonValue], key: str) -> list[str]:
    value = signals.get(key)
    return [each for each in cast(list[JsonValue], value or []) if isinstance(each, str)]


def _unnamed(lines: Sequence[Line], names: frozenset[str]) -> int:
    """Lines since one of the names was said."""
    for back, line in enumerate(reversed(lines)):
        if names & word_set(line.text):
            return back
    return len(lines)


def _since(lines: Sequence[Line], phrase: str) -> int:
    for back, line in enumerate(reversed(lines)):
        if phrase in line.text.lower():
            return back
    return 99
