"""What can be done at this point: for each act, the clauses that would do it."""

from collections.abc import Callable, Iterable, Mapping

from chimera.providers.scripted.deck import Angle, Clause, Question
from chimera.providers.scripted.ledger import Claim
from chimera.providers.scripted.novelty import word_set
from chimera.providers.scripted.stage import Move, Stage
from chimera.providers.scripted.weaving import (
    callback,
    echo,
    fact,
    prop,
    quote,
    react,
    synthesis,
)

#: Pools of stances, by the kind of the topic; `{side}` is for or against.
_STANCES = {"should": "stance.{side}", "whether": "stance.{side}", "choice": "choice"}


def claim(stage: Stage) -> list[Move]:
    """A new thing to argue about: an angle, or a stand on the topic itself."""
    angles = [
        angle for angle in stage.deck.angles.values()
        if all(stage.ledger.rested(c.id, stage.turn, 60) for c in _claims(angle))
        and not any(c.angle == angle.id for c in stage.ledger.claims[-12:])
    ]  # fmt: skip
    return [
        Move(
            act="CLAIM", clause=clause, angle=angle.id, slots={"angle": angle.id}, makes=True,
            weight=1.0 + 2.5 * len(set(angle.themes) & set(stage.themes[:2])),
        )
        for angle in stage.rng.sample(angles, min(7, len(angles)))
        for clause in _on_angle(stage, angle, "claim")[:2]
    ]  # fmt: skip


def stance(stage: Stage) -> list[Move]:
    """A stand on the topic, in the form the topic asks for."""
    side = stage.side()
    if stage.stances:
        return []
    return [
        Move(act="CLAIM", clause=clause, makes=True, side=side, slots=_swapped(stage, side))
        for clause in stage.pool(_stance_pool(stage, side), generic=True)
    ]


def challenge(stage: Stage) -> list[Move]:
    """An objection to the claim on the table, once by each."""
    target = stage.ledger.thread
    if target is None or target.by == stage.me.id or stage.me.id in target.challengers:
        return []
    angle, slots = stage.angle_of(target), stage.about(target.by)
    if angle is not None:
        return _against(target, _on_angle(stage, angle, "object"), {**slots, "angle": angle.id})
    mine = stage.side()
    if target.side is not None and target.side != mine and stage.stances < 2:
        rivals = stage.pool(_stance_pool(stage, mine))
        return [
            Move(
                act="CHALLENGE",
                clause=each,
                mood="oppose",
                on=target.id,
                makes=True,
                side=mine,
                slots=_swapped(stage, mine),
            )
            for each in rivals
        ]
    return _against(target, stage.pool("doubt"), slots)


def answer(stage: Stage) -> list[Move]:
    """A defence of one's own claim."""
    target = next(
        (c for c in reversed(stage.ledger.claims[-3:]) if c.by == stage.me.id and c.open), None
    )
    return defend(stage, target) if target else []


def defend(stage: Stage, target: Claim) -> list[Move]:
    angle = stage.angle_of(target)
    clauses = stage.pool("stand") if angle is None else _on_angle(stage, angle, "defend")
    slots = {"angle": angle.id} if angle else {}
    return [
        Move(
            act="ANSWER", clause=each, mood="answer", on=target.id, angle=target.angle, slots=slots
        )
        for each in clauses or stage.pool("stand")
    ]


def aside(stage: Stage) -> list[Move]:
    """A joke, an image or a case on what is being talked about."""
    target = stage.ledger.thread
    angle = stage.angle_of(target)
    if target is None or angle is None:
        return []
    humour = stage.trait("humour")
    act = "JOKE" if humour > 0.55 else "ANALOGY" if stage.trait("curiosity") > 0.86 else "EXAMPLE"
    return [
        Move(act=act, clause=each, on=target.id, angle=angle.id, slots={"angle": angle.id})
        for each in _on_angle(stage, angle, "aside")
    ]


def theme(stage: Stage) -> list[Move]:
    """Something from the part of life the topic belongs to."""
    target = stage.ledger.thread
    return [
        Move(act="EXAMPLE", clause=each, on=target.id if target else None,
             weight=(1.0 + 6.0 * len(stage.subject & word_set(each.text))) / (place + 1) ** 2)
        for place, name in enumerate(stage.themes[:3])
        for each in stage.pool(f"themes.{name}", generic=False)
        if not stage.tags or stage.subject & word_set(each.text)
    ]  # fmt: skip


def tagged(stage: Stage) -> list[Move]:
    """Something on the very thing the topic names."""
    target = stage.ledger.thread
    return [
        Move(act="EXAMPLE", clause=each, on=target.id if target else None)
        for tag in stage.tags
        for each in stage.fresh(tag.lines.get(stage.part, ()))
    ]


def card(stage: Stage) -> list[Move]:
    """A line from the speaker's own card, if it is about what is being said."""
    lines = stage.me.participant.character.sample_lines
    moves: list[Move] = []
    for place, text in enumerate(lines):
        clause = Clause(id=f"{stage.me.participant.persona_id}.card.{place}", text=text)
        near = len(stage.subject & word_set(text))
        own = stage.part not in stage.deck.voices
        if (near or own) and stage.ledger.rested(clause.id, stage.turn, 240):
            moves.append(Move(act="EXAMPLE", clause=clause, weight=0.3 + near))
    return moves


def concede(stage: Stage) -> list[Move]:
    """Giving way after an answer, on a condition."""
    target = stage.ledger.thread
    if target is None or stage.me.id not in target.challengers or not target.answered:
        return []
    if target.conceded or target.by == stage.me.id:
        return []
    return [
        Move(act="CONCEDE", clause=each, mood=None, on=target.id, angle=target.angle,
             slots=_claim_slots(stage, target))
        for each in stage.pool("concede")
    ]  # fmt: skip


def press(stage: Stage) -> list[Move]:
    """Not giving way after an answer."""
    target = stage.ledger.thread
    if target is None or stage.me.id not in target.challengers or not target.answered:
        return []
    return [
        Move(act="CHALLENGE", clause=each, mood="oppose", on=target.id, angle=target.angle,
             slots=_claim_slots(stage, target))
        for each in stage.pool("press")
    ]  # fmt: skip


def ask(stage: Stage) -> list[Move]:
    """A question to somebody by name, who will have to answer it next."""
    targets = stage.others
    if not targets or stage.ledger.since.get("ASK", 99) < 5:
        return []
    ours = stage.deck.voice(stage.part).questions
    moves: list[Move] = []
    for question in ours or stage.deck.generic.questions:
        rest = 150 if ours else 40
        if not stage.ledger.rested(question.clause.id, stage.turn, rest):
            continue
        moves += [
            _question(stage, question, seat.id)
            for seat in targets
            if seat.participant.part in question.answers or "any" in question.answers
        ]
    return moves


def _question(stage: Stage, question: Question, target: str) -> Move:
    waited = stage.state.finished - (stage.state.seat(target).spoke or 0)
    return Move(
        act="ASK", clause=question.clause, mood=None, ask=target, question=question.clause.id,
        slots={"name": stage.name_of(target)}, whole=True, weight=1.0 + 0.2 * waited,
    )  # fmt: skip


def simple(key: str, act: str) -> Callable[[Stage], list[Move]]:
    """An act that needs nothing but a pool."""

    def moves(stage: Stage) -> list[Move]:
        return [Move(act=act, clause=each, mood=None) for each in stage.pool(key)]

    return moves


ACTS: Mapping[str, Callable[[Stage], list[Move]]] = {
    "CLAIM": claim, "STANCE": stance, "CHALLENGE": challenge, "ANSWER": answer, "ASIDE": aside,
    "THEME": theme, "TAG": tagged, "CARD": card, "CONCEDE": concede, "PRESS": press,
    "ASK": ask, "FACT": fact,
    "QUOTE": quote, "CALLBACK": callback, "PROP": prop, "SYNTHESIS": synthesis, "ECHO": echo,
    "SUMMARY": simple("summary", "SUMMARY"), "REACT": react,
    "AFTER": simple("after", "BUILD"), "CLOSE": simple("close", "SUMMARY"),
    "FALLBACK": simple("fallback", "BUILD"),
}  # fmt: skip


def _stance_pool(stage: Stage, side: str) -> str:
    kind = stage.frame.kind
    if kind in {"should", "whether"} and not stage.frame.denied:
        return "kinds.noun"
    return _STANCES.get(kind, f"kinds.{kind}").format(side=side)


def _swapped(stage: Stage, side: str) -> dict[str, str]:
    """Who is against the one is for the other."""
    frame = stage.frame
    if frame.kind != "choice" or side == "for":
        return {}
    return {"one": frame.other, "other": frame.one}


def _claims(angle: Angle) -> list[Clause]:
    return [c for (_, move), found in angle.lines.items() if move == "claim" for c in found]


def _on_angle(stage: Stage, angle: Angle, move: str) -> tuple[Clause, ...]:
    """What the speaker has to say on an angle: its own words for it, else what fits any."""
    own = angle.lines.get((stage.part, move), ())
    rested = tuple(c for c in own if stage.ledger.rested(c.id, stage.turn, 60))
    return rested or stage.pool(move)


def _against(target: Claim, clauses: Iterable[Clause], slots: Mapping[str, str]) -> list[Move]:
    return [
        Move(act="CHALLENGE", clause=each, mood="oppose", on=target.id, angle=target.angle,
             slots=slots)
        for each in clauses
    ]  # fmt: skip


def _claim_slots(stage: Stage, target: Claim) -> dict[str, str]:
    slots = stage.about(target.by)
    return {**slots, "angle": target.angle} if target.angle else slots
