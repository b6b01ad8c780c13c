"""The material: complete, original in every line, and every slot can be filled."""

import json
from collections import Counter
from importlib.resources import files

from chimera.providers.scripted import load_deck
from chimera.providers.scripted.deck import Clause
from chimera.providers.scripted.novelty import likeness

DECK = load_deck()
DEFAULTS = ("philosopher", "comedian", "scientist")
SLOTS = {
    "topic", "head", "clause", "denied", "one", "other", "was", "angle", "old", "who", "whom",
    "name", "prop", "fact", "source", "quote", "author", "mirror", "concept",
}  # fmt: skip


def clauses() -> list[Clause]:
    found = [c for angle in DECK.angles.values() for line in angle.lines.values() for c in line]
    found += [c for tag in DECK.tags for line in tag.lines.values() for c in line]
    for voice in (*DECK.voices.values(), DECK.generic):
        found += [c for pool in voice.pools.values() for c in pool]
        for question in voice.questions:
            found += [question.clause, *question.answers.values()]
    return found


def test_every_slot_is_one_that_can_be_filled() -> None:
    assert {slot for clause in clauses() for slot in clause.slots} <= SLOTS


def test_no_clause_is_written_twice() -> None:
    counts = Counter(clause.text for clause in clauses() if clause.words > 3)
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_clause_ends_as_a_sentence_does() -> None:
    endings = (".", "?", "!", ".”", ".'", "?'", "!'", ":", "{fact}", ".)")
    assert [c.text for c in clauses() if not c.text.endswith(endings)] == []


def test_the_default_cast_speaks_from_every_angle() -> None:
    assert len(DECK.angles) >= 40
    for angle in DECK.angles.values():
        for slug in DEFAULTS:
            for move in ("claim", "object", "defend", "aside"):
                assert angle.lines[slug, move], (angle.id, slug, move)


def test_each_default_voice_has_openers_cores_and_kickers_enough() -> None:
    for slug in DEFAULTS:
        voice = DECK.voices[slug]
        openers = [
            c for key, pool in voice.pools.items() if key.startswith("openers") for c in pool
        ]
        angled = sum(len(line) for a in DECK.angles.values() for (who, _), line in a.lines.items()
                     if who == slug)  # fmt: skip
        assert len(openers) >= 30
        assert angled >= 75
        assert len(voice.pool("kickers")) >= 35


def test_there_are_jokes_enough() -> None:
    angled = sum(1 for a in DECK.angles.values() for (who, _) in a.lines if who == "comedian")
    tagged = sum(len(tag.lines["comedian"]) for tag in DECK.tags)
    themed = sum(len(p) for k, p in DECK.voices["comedian"].pools.items() if k.startswith("themes"))
    assert angled + tagged + themed >= 150


def test_all_twelve_have_a_voice_and_generic_fills_every_act() -> None:
    assert len(DECK.voices) == 12
    keys = (
        "claim", "object", "defend", "aside", "doubt", "stand", "concede", "press", "kickers",
        "short", "after", "close", "fallback", "human.scripted", "reply",
    )  # fmt: skip
    assert all(DECK.generic.pool(key) for key in keys)


def test_props_are_things_one_can_speak_of() -> None:
    assert all(c.prop and "." not in c.prop for c in clauses() if c.prop is not None)


def test_the_comedian_does_not_repeat_a_joke_in_other_words() -> None:
    jokes = [c.text for a in DECK.angles.values() for c in a.lines["comedian", "aside"]]
    jokes += [c.text for tag in DECK.tags for c in tag.lines["comedian"]]
    alike = [(a, b) for i, a in enumerate(jokes) for b in jokes[i + 1 :] if likeness(a, b) > 0.5]
    assert alike == []


def test_scripted_answers_say_that_they_are() -> None:
    told = "I am scripted; add a model key for a real answer"
    for voice in (DECK.generic, *(DECK.voices[slug] for slug in DEFAULTS)):
        assert all(told in clause.text for clause in voice.pool("human.scripted"))


def test_acts_name_only_acts_that_exist() -> None:
    from chimera.providers.scripted.moves import ACTS

    source = files("chimera") / "data" / "improv" / "acts.json"
    acts = json.loads(source.read_text("utf-8"))
    named = {act for table in acts["after"].values() for act in table} | set(acts["notes"].values())
    assert named <= set(ACTS)
