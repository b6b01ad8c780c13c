"""What an embedder changes: bids, notes that come back, topics that are left. Never a fold."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chimera.core import aftermath, memory, topics
from chimera.core.director import Speak, decide, labelled
from chimera.core.floor import Counsel
from chimera.core.likeness import Weighed, texts_of
from chimera.core.parts import Note
from chimera.core.signals import Calibration
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless, seat

BAKER = seat(0, expertise=("bread", "yeast", "ovens"), sample_lines=("Dough never lies.",))
PILOT = seat(1, expertise=("wings", "clouds", "engines"), sample_lines=("Mind the flaps.",))
CLEO = seat(2)
#: Words for one thing that share no letters to speak of.
KINDS = {
    "bread": 0, "yeast": 0, "dough": 0, "croissant": 0, "brioche": 0,
    "wings": 1, "clouds": 1, "flaps": 1, "jets": 1,
}  # fmt: skip


class Thesaurus:
    """Knows which words mean the same; an axis for each meaning, and one for the rest."""

    pair = window = Calibration(0.0, 1.0)

    def __init__(self, *, ignorant_of: str = "") -> None:
        self._ignorant_of = ignorant_of

    def knows(self, texts: Iterable[str]) -> bool:
        return all(self._ignorant_of not in each.lower() for each in texts if self._ignorant_of)

    def cosine(self, one: Weighed, other: Weighed) -> float:
        here, there = _sums(one), _sums(other)
        norms = math.hypot(*here) * math.hypot(*there)
        return sum(a * b for a, b in zip(here, there, strict=True)) / norms if norms else 0.0

    async def learn(self, texts: Iterable[str]) -> None:
        """Knows them all."""

    def close(self) -> None:
        """Nothing is under way."""


def _sums(weighed: Weighed) -> list[float]:
    sums = [0.0, 0.0, 0.0]
    for text, weight in weighed:
        for word in text.lower().replace(".", " ").replace(",", " ").split():
            sums[KINDS.get(word, 2)] += weight * (1.0 if word in KINDS else 0.1)
    return sums


def talked(*lines: str) -> Headless:
    play = Headless((BAKER, PILOT, CLEO), topic="Mornings", seed=3)
    said = iter(lines)
    return play.run(len(lines), lambda _state, _speak: next(said))


def bids(counsel: Counsel) -> Mapping[str, float]:
    """How much each of the cast wants the floor, once a croissant was spoken of."""
    play = talked("Croissant, brioche.")
    decision = decide(play.state, play.now, labelled(play.state), counsel)
    assert isinstance(decision, Speak)
    return {each.participant_id: each.value for each in decision.bids}


def test_a_word_nobody_used_before_suits_who_knows_its_kind() -> None:
    better, worse = bids(Counsel(embedder=Thesaurus())), bids(Counsel())
    assert better[BAKER.id] > worse[BAKER.id]
    fits = topics.fit(talked("Croissant, brioche.").state, Thesaurus())
    assert fits[BAKER.id] == 1
    assert fits[PILOT.id] < 0.1


def test_who_does_not_know_all_texts_is_not_asked() -> None:
    state = talked("Croissant, brioche.").state
    assert topics.fit(state, Thesaurus(ignorant_of="flaps")) == topics.fit(state)


def test_a_note_comes_back_for_what_it_means() -> None:
    play = talked(*["Croissant, brioche."] * 3)
    notes = tuple(
        Note(
            id=f"nte_{word}", text=f"{word} matters to me.", kind="opinion", about=None,
            source="msg_0", importance=0.3, turn=-60, used=-60,
        )
        for word in ("Jets", "Dough")
    )  # fmt: skip
    seats = tuple(replace(each, memory=notes) for each in play.state.seats)
    state = replace(play.state, seats=seats)
    assert memory.recall(state, CLEO.id) == ()
    told = memory.recall(state, CLEO.id, embedder=Thesaurus())
    assert [note.id for note in told] == ["nte_Dough"]
    assert memory.recall(state, CLEO.id, embedder=Thesaurus(ignorant_of="dough")) == ()


def settled(*lines: str) -> ConversationState:
    """A talk whose topic nobody has changed."""
    return replace(talked(*lines).state, topic="Mornings", topic_turn=-1)


def drifts(*lines: str, embedder: Thesaurus | None) -> list[str]:
    """The topics that follow from the newest line, by an embedder or without one."""
    state = settled(*lines)
    follows = aftermath.follow(state, state.lines[-1], labelled(state), embedder=embedder)
    return [each.body.type for each in follows if each.body.type == "topic.changed"]


BREAD = ("Bread, yeast.", "Dough, bread.", "Yeast, dough.", "Croissant, bread.") * 2
AWAY = ("Wings, clouds.", "Clouds, wings.", "Wings, clouds.", "Clouds, jets.", "Wings, clouds.")


def test_a_talk_that_goes_on_in_other_words_has_not_left_its_topic() -> None:
    other_words = ("Croissant, brioche.", "Brioche, croissant.") * 3
    assert drifts(*BREAD, *other_words, embedder=Thesaurus()) == []
    assert topics.drifted(replace(settled(*BREAD, *other_words), drifting=9)) is not None


def test_a_talk_that_has_come_to_something_else_has() -> None:
    assert drifts(*BREAD, *AWAY, embedder=Thesaurus()) == ["topic.changed"]
    assert drifts(*BREAD, *AWAY[:3], embedder=Thesaurus()) == []


def test_a_fold_never_asks_an_embedder() -> None:
    one, other = talked(*BREAD, *AWAY), talked(*BREAD, *AWAY)
    decide(one.state, one.now, labelled(one.state), Counsel(embedder=Thesaurus()))
    assert one.state == other.state


def test_an_embedder_is_told_of_the_newest_lines_first() -> None:
    texts = list(texts_of(talked("Bread.", "Clouds.").state))
    assert texts[:3] == ["Clouds.", "Bread.", "Mornings"]
    assert "Dough never lies." in texts
