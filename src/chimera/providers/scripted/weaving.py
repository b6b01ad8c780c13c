"""What ties a conversation together: facts, quotations, call-backs, running jokes, echoes."""

from collections.abc import Iterable

from chimera.providers.scripted.concepts import concepts
from chimera.providers.scripted.deck import Scrap
from chimera.providers.scripted.stage import Move, Stage


def fact(stage: Stage) -> list[Move]:
    """Something true, with its source."""
    if stage.ledger.since.get("FACT", 99) < 6:
        return []
    return _woven(stage, "FACT", "fact", stage.deck.facts)


def quote(stage: Stage) -> list[Move]:
    """Somebody else's words, with the name under them."""
    if stage.ledger.since.get("QUOTE", 99) < 12:
        return []
    return _woven(stage, "QUOTE", "quote", stage.deck.quotations)


def _woven(stage: Stage, act: str, pool: str, scraps: Iterable[Scrap]) -> list[Move]:
    angle = stage.angle_of(stage.ledger.thread)
    themes = set(stage.themes[:2])
    scored: list[tuple[float, Scrap]] = []
    for scrap in scraps:
        near = 5 * len(scrap.concepts & stage.topical)
        near += 2 * len(scrap.concepts & stage.subject) + len(scrap.concepts & stage.keys)
        score = near + 0.5 * len(themes & set(scrap.themes))
        if score >= 2 and stage.ledger.rested(scrap.id, stage.turn, 240):
            scored.append((score, scrap))
    scored.sort(key=lambda pair: (-pair[0], pair[1].id))
    wrappers = stage.pool(pool, generic=True)
    on = stage.ledger.thread.id if stage.ledger.thread else None
    return [
        Move(
            act=act, clause=wrapper, mood=None, on=on, angle=angle.id if angle else None,
            question=scrap.id, weight=score,
            slots={"fact": scrap.text, "quote": scrap.text.rstrip("."), "source": scrap.source,
                   "author": scrap.source, "claim": scrap.text.rstrip(".")},
        )
        for score, scrap in scored[:4] for wrapper in wrappers
    ]  # fmt: skip


def callback(stage: Stage) -> list[Move]:
    """An old claim of somebody else's, brought back."""
    thread = stage.ledger.thread
    old = [
        c for c in stage.ledger.claims
        if c.angle and c.by != stage.me.id and 8 <= stage.turn - c.turn <= 60
        and c.topic == stage.state.topic
    ]  # fmt: skip
    if not old or thread is None or stage.ledger.since.get("CALLBACK", 99) < 11:
        return []
    then = stage.rng.choice(old)
    slots = {**stage.about(then.by), "old": then.angle or "", "angle": thread.angle or ""}
    pool = [c for c in stage.pool("callback") if "angle" not in c.slots or thread.angle]
    return [
        Move(act="CALLBACK", clause=each, mood=None, on=then.id, angle=then.angle, slots=slots)
        for each in pool
    ]


def prop(stage: Stage) -> list[Move]:
    """A running joke: an object of an earlier line comes back."""
    if stage.ledger.since.get("PROP", 99) < 10:
        return []
    old = [p for p in stage.ledger.props if 3 <= stage.turn - p.turn <= 45]
    if not old:
        return []
    chosen = stage.rng.choice(old[-6:])
    return [
        Move(act="PROP", clause=each, mood=None, slots={"prop": chosen.noun})
        for each in stage.pool("prop")
    ]


def synthesis(stage: Stage) -> list[Move]:
    """Two claims joined in one."""
    angles = [c for c in stage.ledger.claims if c.angle and c.topic == stage.state.topic]
    if len(angles) < 3 or stage.ledger.since.get("SYNTHESIS", stage.turn) < 18:
        return []
    new = angles[-1]
    others = [c for c in angles[-7:-1] if c.by != stage.me.id and c.angle != new.angle]
    if not others:
        return []
    old = stage.rng.choice(others)
    slots = {"angle": new.angle or "", "old": old.angle or "", **stage.about(old.by)}
    return [
        Move(act="SYNTHESIS", clause=each, mood=None, on=new.id, angle=new.angle, slots=slots,
             makes=True)
        for each in stage.pool("synthesis")
    ]  # fmt: skip


def echo(stage: Stage) -> list[Move]:
    """A reaction to a line that no troupe wrote, by a concept it contains."""
    last = next((line for line in reversed(stage.lines) if line.participant_id), None)
    if last is None or last.participant_id == stage.me.id:
        return []
    if last.signals is not None and last.signals.improv is not None:
        return []
    found = concepts(last.text, stage.deck.lexicon)
    slots = {"concept": found[0]} if found else {}
    return [
        Move(act="BUILD", clause=each, mood=None, slots=slots)
        for each in stage.pool("echo")
        if "concept" not in each.slots or found
    ]


def react(stage: Stage) -> list[Move]:
    """A few words, often about what was just said."""
    moves = [Move(act="REACT", clause=each, mood=None) for each in stage.pool("short")]
    thread = stage.ledger.thread
    if thread is not None and thread.angle and stage.hears(thread.angle):
        slots = {"angle": thread.angle}
        moves += [
            Move(act="REACT", clause=each, mood=None, slots=slots, on=thread.id, weight=6.0)
            for each in stage.pool("echoes")
        ]
    return moves
