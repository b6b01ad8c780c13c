"""Greet a person who speaks, and answer what they said."""

import re

from chimera.core.state import Line
from chimera.providers.scripted.concepts import concepts
from chimera.providers.scripted.english import mirror
from chimera.providers.scripted.novelty import words
from chimera.providers.scripted.stage import Move, Stage

_GREETINGS = frozenset({
    "hi", "hello", "hey", "hiya", "howdy", "greetings", "morning", "evening", "yo", "hallo", "hola",
    "salut", "bonjour", "ciao", "servus", "moin",
})  # fmt: skip
_ASKING = frozenset({
    "what", "why", "how", "who", "when", "where", "which", "is", "are", "do", "does", "did", "can",
    "could", "will", "would", "should", "have", "has", "am",
})  # fmt: skip
_CHEERS = frozenset({"haha", "hahaha", "lol", "lmao", "bravo", "encore", "funny", "hilarious"})
#: Longer reflections sound like a form being read out.
_LONGEST_MIRROR = 11


def to_human(stage: Stage) -> list[Move]:
    """The moves that answer the message this turn is for; empty if it is for nobody's."""
    line = _message(stage)
    if line is None:
        return _second(stage)
    slots = {"name": _polite_name(line.name)}
    found = words(line.text)
    if greeting := _greeting(line.text, found):
        return _moves(stage, greeting, slots, act="GREET-HUMAN")
    if set(found) & stage.deck.lexicon.unkind:
        return _moves(stage, "human.unkind", slots)
    if line.images:
        # The troupe has no eyes, and does not pretend to.
        return _moves(stage, "human.picture", slots)
    if "?" in line.text or (found and found[0] in _ASKING):
        pool = "human.question" if stage.ledger.disclosed else "human.scripted"
        nouns = concepts(line.text, stage.deck.lexicon)
        if nouns:
            slots["concept"] = nouns[0]
        return _moves(stage, pool, slots, disclosed=not stage.ledger.disclosed)
    return _taken_up(stage, line, slots)


def _taken_up(stage: Stage, line: Line, slots: dict[str, str]) -> list[Move]:
    """What can be made of a remark that asks for nothing."""
    if reflected := _reflected(line.text):
        return _moves(stage, "human.mirror", {**slots, "mirror": reflected})
    if nouns := concepts(line.text, stage.deck.lexicon):
        return _moves(stage, "human.concept", {**slots, "concept": nouns[0]})
    return _moves(stage, "human.plain", slots)


def _greeting(text: str, found: list[str]) -> str | None:
    """The pool for those who only say hello, or only laugh."""
    if found and found[0] in _GREETINGS and len(found) <= 4 and "?" not in text:
        return "human.greet"
    return "human.cheer" if set(found) & _CHEERS and len(found) <= 6 else None


def _message(stage: Stage) -> Line | None:
    """The viewer's message that the speaker is to answer."""
    speak = stage.scene.speak
    waiting = [each for each in stage.state.unanswered if each.heard_by(stage.me.id)]
    for line in waiting:
        if line.message_id == speak.replies_to:
            return line
    return waiting[0] if waiting else None


def _second(stage: Stage) -> list[Move]:
    """Now and then somebody else takes up a person's words after the first answer."""
    if len(stage.lines) < 2 or stage.lines[-1].participant_id in {None, stage.me.id}:
        return []
    before = stage.lines[-2]
    if before.kind != "viewer" or stage.rng.random() > 0.4:
        return []
    if stage.ledger.asked.get(stage.me.id) or len(words(before.text)) < 4:
        return []
    if set(words(before.text)) & stage.deck.lexicon.unkind:
        return []
    return _moves(stage, "human.second", {"name": _polite_name(before.name)})


def _moves(
    stage: Stage, pool: str, slots: dict[str, str], *, act: str = "ANSWER-HUMAN",
    disclosed: bool = False,
) -> list[Move]:  # fmt: skip
    return [
        Move(act=act, clause=each, slots=slots, mood=None, disclosed=disclosed, whole=True)
        for each in stage.pool(pool) or stage.pool("human.plain")
    ]


def _reflected(text: str) -> str:
    """From "I miss my dog" to "you miss your dog"; empty unless it is about the person."""
    sentence = re.split(r"[.!?;\n]", text.strip())[0].strip(" ,")
    sentence = re.sub(
        r"^(?:well|but|and|so|yes|no|honestly|actually),?\s+", "", sentence, flags=re.IGNORECASE
    )
    found = sentence.split()
    if not 3 <= len(found) <= _LONGEST_MIRROR or found[0].lower() not in {"i", "i'm", "i’m", "my"}:
        return ""
    if re.search(r"https?:|@|[<>{}\[\]*_`#]", sentence):
        return ""
    return mirror(sentence)


def _polite_name(name: str) -> str:
    """A viewer's name if it can be said aloud, else a polite stand-in."""
    cleaned = re.sub(r"[^\w' -]", "", name).strip()
    return cleaned if 0 < len(cleaned) <= 24 else "my friend in the stalls"
