"""The improv troupe: one line for the participant who has the floor.

Pure and deterministic: the same scene gives the same line.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from chimera.core import relations
from chimera.core.details import Act
from chimera.core.events import StanceRef
from chimera.core.generation import Scene
from chimera.core.stance import KNOWN
from chimera.providers.scripted.choice import draw_move, ending, free, owed
from chimera.providers.scripted.concepts import concepts
from chimera.providers.scripted.deck import Deck
from chimera.providers.scripted.moves import ACTS
from chimera.providers.scripted.stage import Move, Stage, set_stage
from chimera.providers.scripted.surface import Draft, compose

_DRAWS = 40
#: Share of repeated runs of four words up to which a line counts as new.
_FRESH = 0.12
#: How an act stands to whoever it answers; who is liked gets the better part of it.
_STANCES = {
    "CHALLENGE": -0.45, "ANSWER": -0.1, "REACT": 0.1, "EXAMPLE": 0.3, "FACT": 0.3, "JOKE": 0.3,
    "CALLBACK": 0.45, "SYNTHESIS": 0.45, "CONCEDE": 0.6,
}  # fmt: skip
_LIKING = 1.0
#: What an act of the troupe's is called where any mind's lines are read.
_DOES: dict[str, tuple[Act, ...]] = {
    "CLAIM": ("claim",), "FACT": ("claim",), "EXAMPLE": ("claim",), "SYNTHESIS": ("claim",),
    "QUOTE": ("claim",), "BUILD": ("claim",), "SUMMARY": ("claim",), "ANALOGY": ("claim",),
    "ASK": ("question",), "ANSWER": ("answer", "claim"), "CHALLENGE": ("challenge",),
    "CONCEDE": ("concession",), "JOKE": ("joke",),
}  # fmt: skip
#: How far a stand on the topic lies to its side.
_SIDED = 0.7
#: Acts that answer whoever has just spoken, if they are about no claim of another's.
_TO_THE_LAST = frozenset({"ANSWER", "REACT"})
#: Acts that give credit to that one.
_CITES = frozenset({"CONCEDE", "SYNTHESIS", "CALLBACK"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvised:
    """A line, and the troupe's own account of it (`MessageSignals.improv`)."""

    text: str
    signals: dict[str, JsonValue]
    #: Whom the line is for or against, as far as its act says; what cues would guess is not asked.
    stance: tuple[StanceRef, ...] = ()
    cited: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    position: float | None = None

    @property
    def told(self) -> dict[str, Any]:
        """All of it, as the log keeps it."""
        placed = {} if self.position is None else {"position": self.position}
        return placed | {
            "improv": self.signals, "stance": self.stance or None, "cited": self.cited or None,
            "acts": self.acts or None,
        }  # fmt: skip


def improvise(scene: Scene, deck: Deck) -> Improvised:
    """The next line of `scene.speak.participant_id`."""
    stage = set_stage(scene, deck)
    obliged = ending(stage) or owed(stage)
    tried: dict[str, int] = {}
    best: Draft | None = None
    least = 2.0
    for _ in range(_DRAWS):
        move = draw_move(stage, obliged) if obliged else free(stage, tried)
        if move is None:
            continue
        draft = compose(stage, move)
        staleness = (
            1.0 if stage.novelty.refuses(draft.text) else stage.novelty.staleness(draft.text)
        )
        if staleness < least:
            best, least = draft, staleness
        if staleness <= _FRESH:
            break
    return _told(stage, best or _last_resort(stage))


def _last_resort(stage: Stage) -> Draft:
    """Something can always be said."""
    moves = ACTS["FALLBACK"](stage)
    move = draw_move(stage, moves)
    if move is None:
        clause = stage.deck.generic.pool("fallback")[stage.turn % 4]
        move = Move(act="BUILD", clause=clause)
    return compose(stage, move)


def _told(stage: Stage, draft: Draft) -> Improvised:
    move, text = draft.move, draft.text
    facts: dict[str, JsonValue | None] = {
        "act": move.act,
        "parts": list(draft.parts),
        "angle": move.angle,
        "claim": f"c{stage.scene.turn}" if move.makes else None,
        "on": move.on,
        "ask": move.ask,
        "question": move.question if move.act == "ASK" else None,
        "side": move.side,
        "topic": stage.state.topic if move.makes else None,
        "prop": draft.props[-1] if draft.props else None,
        "concepts": list(concepts(text, stage.deck.lexicon)[:5]),
        "disclosed": True if move.disclosed else None,
    }
    other = _holder(stage, move)
    value = _stance(stage, move.act, other)
    return Improvised(
        text=text,
        signals={k: v for k, v in facts.items() if v is not None},
        stance=(StanceRef(to=other, value=value),) if other and value else (),
        cited=(other,) if other and move.act in _CITES else (),
        acts=_DOES.get(move.act, ()),
        position=None if move.side is None else _SIDED if move.side == "for" else -_SIDED,
    )


def _holder(stage: Stage, move: Move) -> str | None:
    """Who of the others holds the claim that a move is about, or has just spoken."""
    claim = stage.ledger.claim(move.on)
    if claim and claim.by != stage.me.id:
        return claim.by
    last = stage.lines[-1].participant_id if stage.lines else None
    return last if move.act in _TO_THE_LAST and last != stage.me.id else None


def _stance(stage: Stage, act: str, other: str | None) -> float | None:
    """For or against; None where it is not clear."""
    if other is None or act not in _STANCES:
        return None
    holder, ties = stage.state.seat(other).participant, stage.state.feelings.ties
    liking = relations.affinity(ties, stage.me.participant, holder, stage.state.finished)
    value = min(max(_STANCES[act] + _LIKING * liking, -1.0), 1.0)
    return round(value, 3) if abs(value) >= KNOWN else None
