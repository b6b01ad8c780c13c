"""From a move to a spoken line: slots are filled, and the line grows to the length asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from chimera.providers.scripted.deck import Clause
from chimera.providers.scripted.moves import ACTS
from chimera.providers.scripted.novelty import word_set
from chimera.providers.scripted.stage import Move, Stage, sentence_case

#: Turns after which the topic has to be named, and may be spelt out again.
NAME_BY, SPELL_AFTER = 6, 5
#: Acts that bear a second thought.
_GROWING = frozenset({"OPEN", "SHIFT", "CLAIM", "CHALLENGE", "ANSWER"})
#: Acts that may begin by taking up what was said.
_LINKING = frozenset({
    "CLAIM", "CHALLENGE", "ANSWER", "EXAMPLE", "JOKE", "ANALOGY", "ASK", "PROP", "FACT", "CALLBACK",
})  # fmt: skip
_OPENER_CHANCE, _KICKER_CHANCE, _LINK_CHANCE = 0.5, 0.5, 0.93


@dataclass(slots=True, kw_only=True)
class Draft:
    """A line in the making."""

    move: Move
    texts: list[str]
    parts: list[str]
    props: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        return sentence_case(" ".join(self.texts))

    @property
    def words(self) -> int:
        return sum(len(each.split()) for each in self.texts)


def compose(stage: Stage, move: Move) -> Draft:
    """The move as a line of about the wished length."""
    core = render(stage, move.clause, move)
    draft = Draft(move=move, texts=[core], parts=[move.clause.id])
    if move.question and move.act in {"FACT", "QUOTE"}:
        draft.parts.append(move.question)
    if move.clause.prop:
        draft.props.append(move.clause.prop)
    room = ceiling(stage)
    _open(stage, draft, room)
    if not move.whole:
        _grow(stage, draft, room)
        _kick(stage, draft, room)
    return draft


def ceiling(stage: Stage) -> float:
    """Words beyond which the guard would cut (`engine.md` section 5.2), less a little."""
    return 1.5 * stage.scene.speak.words + 8


def names_topic(stage: Stage, text: str) -> bool:
    return bool(stage.frame.named & word_set(text))


def render(stage: Stage, clause: Clause, move: Move) -> str:
    """The clause with its slots filled; the topic is spelt out only now and then."""
    text = clause.text
    for name, value in {**stage.given, **move.slots}.items():
        filling = value
        if name == "topic" and stage.ledger.unspelt < SPELL_AFTER and stage.turn > 1:
            filling = stage.frame.head
        text = text.replace("{" + name + "}", filling)
    return text


def _open(stage: Stage, draft: Draft, room: float) -> None:
    move, rng = draft.move, stage.rng
    unnamed = not names_topic(stage, draft.text) and stage.ledger.unnamed >= NAME_BY - 3
    must = unnamed and stage.ledger.unnamed >= NAME_BY
    unnamed = unnamed and not move.whole
    if move.mood in {"open", "shift"}:
        if draft.words + 10 <= room:
            _prepend(stage, draft, stage.pool(move.mood))
    elif must or (unnamed and move.mood in {"plain", "oppose", "answer"} and rng.random() < 0.5):
        _prepend(stage, draft, stage.pool("openers.topic"))
    elif move.act in _LINKING and (pool := _link(stage, draft)):
        _prepend(stage, draft, pool)
    elif (
        move.mood
        and draft.words + 6 <= room
        and rng.random() < _eager(stage, draft, _OPENER_CHANCE)
    ):
        _prepend(stage, draft, stage.pool(f"openers.{move.mood}"))


def _link(stage: Stage, draft: Draft) -> tuple[Clause, ...]:
    """An opener that takes up what the others speak of, where the line itself does not."""
    if draft.words + 5 > ceiling(stage) + 4 or stage.rng.random() > _LINK_CHANCE:
        return ()
    if draft.move.act == "ANSWER" and draft.move.whole:
        return ()
    heard = frozenset[str]().union(*(word_set(text) for text in stage.heard))
    if any(len(word) > 3 for word in heard & word_set(draft.text) - stage.deck.lexicon.function):
        return ()
    angle = draft.move.angle
    if draft.move.act in {"ASK", "PROP", "FACT"} and stage.ledger.thread is not None:
        angle = stage.ledger.thread.angle
    elif angle is None and not any(len(word) > 3 for word in word_set(stage.frame.head)):
        angle = stage.ledger.thread.angle if stage.ledger.thread else None
    if angle is not None and angle in heard:
        return stage.pool("openers.link")
    if any(len(word) > 3 for word in word_set(stage.frame.head) & heard):
        return stage.pool("openers.topic")
    return ()


def _prepend(stage: Stage, draft: Draft, pool: Iterable[Clause]) -> None:
    move, thread = draft.move, stage.ledger.thread
    if "angle" not in move.slots and thread is not None and thread.angle:
        move = replace(move, slots={**move.slots, "angle": thread.angle})
    fitting = [c for c in pool if stage.fillable(c, move.slots)]
    if fitting:
        clause = stage.rng.choice(fitting)
        draft.texts.insert(0, render(stage, clause, move))
        draft.parts.append(clause.id)


def _grow(stage: Stage, draft: Draft, room: float) -> None:
    """A second thought, where a long line was asked for."""
    wanted = stage.scene.speak.words
    for act in ("ASIDE", "TAG"):
        if draft.words > 0.62 * wanted or draft.move.act not in _GROWING:
            return
        if act == "TAG" and draft.move.angle is not None:
            return
        found = [
            m for m in ACTS[act](stage)
            if m.clause.id not in draft.parts and stage.fillable(m.clause, m.slots)
            and (act != "ASIDE" or m.angle == draft.move.angle or draft.move.angle is None)
            and draft.words + m.clause.words <= room
        ]  # fmt: skip
        if act == "ASIDE" and draft.move.makes:
            found = own_asides(stage, draft.move, found)
        if found:
            move = stage.rng.choice(found)
            draft.texts.append(render(stage, move.clause, move))
            draft.parts.append(move.clause.id)
            if move.clause.prop:
                draft.props.append(move.clause.prop)


def own_asides(stage: Stage, move: Move, found: list[Move]) -> list[Move]:
    """For a new claim the asides of its own angle, not of the one before."""
    angle = stage.deck.angles.get(move.angle or "")
    if angle is None:
        return [] if move.side is None else found
    clauses = angle.lines.get((stage.part, "aside"), ())
    room = ceiling(stage)
    return [
        Move(act="ASIDE", clause=each, angle=angle.id, slots=move.slots)
        for each in clauses
        if stage.ledger.rested(each.id, stage.turn, 60) and each.words + move.clause.words <= room
    ]


def _eager(stage: Stage, draft: Draft, chance: float) -> float:
    """The chance of an addition, larger if nothing yet betrays whose voice this is."""
    marked = stage.deck.voice(stage.part).marks & word_set(draft.text)
    return chance * 0.6 if marked else min(1.0, chance * 1.8)


def _kick(stage: Stage, draft: Draft, room: float) -> None:
    if draft.move.act in {"REACT", "FACT", "QUOTE", "BUILD"} or draft.text.endswith("?"):
        return
    short = draft.words < 0.7 * stage.scene.speak.words
    if draft.words + 8 <= room and stage.rng.random() < _eager(
        stage, draft, 0.6 if short else _KICKER_CHANCE
    ):
        fitting = [c for c in stage.pool("kickers") if stage.fillable(c, draft.move.slots)]
        if fitting:
            clause = stage.rng.choice(fitting)
            draft.texts.append(render(stage, clause, draft.move))
            draft.parts.append(clause.id)
