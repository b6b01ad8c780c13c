"""Which move to make: what is owed comes first, then chance, weighted by traits and relations."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from chimera.core import relations
from chimera.providers.scripted.humans import to_human
from chimera.providers.scripted.moves import ACTS, defend
from chimera.providers.scripted.stage import Move, Stage
from chimera.providers.scripted.surface import NAME_BY, SPELL_AFTER, ceiling

#: How liking somebody draws to an act, and how pleasure does (as exponents); what allies do more.
_TIES = {"CHALLENGE": -1.0, "PRESS": -1.5, "CONCEDE": 1.5, "SYNTHESIS": 0.5, "CALLBACK": 0.5}
_MOODS = {"CHALLENGE": -0.6, "PRESS": -0.6, "CONCEDE": 0.6, "ASIDE": 0.4, "PROP": 0.4}
_ALLIED = {"CALLBACK": 1.6, "SYNTHESIS": 1.6, "CONCEDE": 1.3, "CHALLENGE": 0.6}
#: What the second of a duet may do, the best first.
_ENDINGS = (("ASIDE", "TAG", "THEME"), ("CARD", "REACT"))
#: An interjection is four words at most (`engine.md` section 5.2).
_INTERJECTION = 4


def owed(stage: Stage) -> list[Move]:
    """The moves that the moment demands; empty if the speaker is free."""
    speak = stage.scene.speak
    if moves := to_human(stage):
        return moves
    if moves := _to_question(stage):
        return moves
    spoken = [line for line in stage.lines if line.seq > stage.state.topic_seq]
    if not any(line.participant_id for line in spoken):
        return _opening(stage)
    noted = next((act for cue, act in stage.deck.notes.items() if cue in _note(stage)), None)
    if noted and (moves := _possible(stage, noted)):
        return moves
    limit = stage.state.limits.max_turns
    if limit and stage.turn >= limit and stage.turn > 6:
        return _possible(stage, "CLOSE")
    if speak.cause == "continued":
        return _possible(stage, "AFTER")
    if speak.words <= _INTERJECTION and _may_react(stage) and len(spoken) > 1:
        return _possible(stage, "REACT")
    return []


def ending(stage: Stage) -> list[Move]:
    """In a duet, what rounds off the ally's thought: something for it, no question to anybody."""
    speak = stage.scene.speak
    if speak.cause != "duet" or speak.with_ is not None:
        return []
    for acts in _ENDINGS:
        if moves := [move for act in acts for move in _possible(stage, act) if move.ask is None]:
            return [replace(move, mood="agree", whole=True) for move in moves]
    return []


def _may_react(stage: Stage) -> bool:
    return stage.ledger.unnamed < NAME_BY and stage.ledger.since.get("REACT", 9) > 2


def _note(stage: Stage) -> str:
    return (stage.scene.speak.note or "").lower()


def _opening(stage: Stage) -> list[Move]:
    """The first line on a topic takes a stand; on a later topic it says goodbye to the old one."""
    act, mood = ("OPEN", "open") if len(stage.state.topics) <= 1 else ("SHIFT", "shift")
    return [replace(each, act=act, mood=mood) for each in _possible(stage, "STANCE")]


def _to_question(stage: Stage) -> list[Move]:
    """The answer to a question by name; each question knows what everybody would answer."""
    asked = stage.ledger.asked.get(stage.me.id)
    if asked is None:
        return []
    voices = (*stage.deck.voices.values(), stage.deck.generic)
    slots = {"name": stage.name_of(asked.by), "who": stage.name_of(asked.by)}
    for question in (each for voice in voices for each in voice.questions):
        if question.clause.id == asked.question:
            answer = question.answers.get(stage.part) or question.answers.get("any")
            if answer and stage.ledger.rested(answer.id, stage.turn, 60):
                return [_answer(stage, Move(act="ANSWER", clause=answer, slots=slots))]
    target = stage.ledger.claim(asked.claim)
    if target is not None and target.by == stage.me.id:
        return defend(stage, target)
    return [
        _answer(stage, Move(act="ANSWER", clause=each, slots=slots)) for each in stage.pool("reply")
    ]


def _answer(stage: Stage, move: Move) -> Move:
    thread = stage.ledger.thread
    return Move(
        act=move.act, clause=move.clause, slots=move.slots, mood="answer",
        on=thread.id if thread else None, angle=None, whole=True,
    )  # fmt: skip


def draw_act(stage: Stage, tried: Mapping[str, int]) -> str:
    """An act by chance: what usually follows, changed by traits, relations and the thread."""
    acts = stage.ledger.acts
    table = {**stage.deck.after["default"], **stage.deck.after.get(acts[-1] if acts else "", {})}
    weights = {
        act: weight * _character(stage, act) * _moment(stage, act) * 0.3 ** tried.get(act, 0)
        for act, weight in table.items()
    }
    names = sorted(weights)
    if not any(weights.values()):
        return "FALLBACK"
    return stage.rng.choices(names, [weights[name] for name in names])[0]


def _character(stage: Stage, act: str) -> float:
    """Traits, mood, and what the speaker feels for the one whose claim is on the table."""
    factor = 1.0
    for trait, pull in stage.deck.traits.get(act, {}).items():
        factor *= exp(pull * (stage.trait(trait) - 0.5))
    factor *= exp(_MOODS.get(act, 0.0) * stage.me.feeling.pleasure)
    thread = stage.ledger.thread
    if thread is None or thread.by == stage.me.id:
        return factor
    ties, other = stage.state.feelings.ties, stage.state.seat(thread.by).participant
    tie = relations.affinity(ties, stage.me.participant, other, stage.state.finished)
    factor *= exp(_TIES.get(act, 0.0) * tie)
    if act in _ALLIED and other.id in relations.allies(ties, stage.me.id):
        factor *= _ALLIED[act]
    return factor


def _moment(stage: Stage, act: str) -> float:
    """A thread wants an objection first, company next, and an end after some lines."""
    if act == "ASK" and stage.scene.speak.with_ is not None:
        # A question leaves an ally nothing to finish.
        return 0.0
    thread = stage.ledger.thread
    if thread is None:
        return 3.0 if act in {"STANCE", "CLAIM"} else 1.0
    if act in {"CLAIM", "STANCE"}:
        early = 0.05 if thread.by == stage.me.id and not thread.depth else 0.12
        return (early, 0.35, 0.9, 2.0, 4.0)[min(thread.depth, 4)]
    if act == "CHALLENGE":
        return (3.0, 1.5, 0.8, 0.4, 0.2)[min(thread.depth, 4)]
    if act == "REACT":
        return 1.0 if _may_react(stage) else 0.0
    if act == "ASIDE":
        return (0.6, 1.3, 1.2, 0.8, 0.3)[min(thread.depth, 4)]
    return 1.0


def _possible(stage: Stage, act: str) -> list[Move]:
    return [m for m in ACTS[act](stage) if stage.fillable(m.clause, m.slots)]


def draw_move(stage: Stage, moves: list[Move]) -> Move | None:
    """One of the moves, the likelier the better it fits the length and names what is due."""
    possible = [m for m in moves if stage.fillable(m.clause, m.slots)]
    if not possible:
        return None
    return stage.rng.choices(possible, [m.weight * _fit(stage, m) for m in possible])[0]


def _fit(stage: Stage, move: Move) -> float:
    wanted, room = stage.scene.speak.words, ceiling(stage)
    size = move.clause.words + sum(
        len(value.split()) - 1 for name, value in move.slots.items() if name in move.clause.slots
    )
    over = max(0, size - wanted) / max(6, wanted)
    fit = exp(-(over**2)) * (0.1 if size > room else 1.0)
    spells = bool(move.clause.slots & {"clause", "denied"})
    if spells and stage.ledger.unspelt < SPELL_AFTER - 1 and move.act != "CHALLENGE":
        return 0.05 * fit
    names = bool(move.clause.slots & {"topic", "head", "clause", "denied", "one", "other"})
    unnamed = stage.ledger.unnamed
    if names:
        return fit * (0.6 if unnamed <= 1 else 1.5 if unnamed <= 2 else 4.0)
    return fit


def free(stage: Stage, tried: dict[str, int]) -> Move | None:
    """A move of the speaker's own choosing."""
    act = draw_act(stage, tried)
    tried[act] = tried.get(act, 0) + 1
    return draw_move(stage, ACTS[act](stage))
