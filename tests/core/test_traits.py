"""Each trait of a persona that somebody made changes the troupe's words and a model's prompt."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from statistics import mean
from typing import Any

import pytest
from benchmarks.troupe import seated

from chimera.core import pacing, prompt
from chimera.core.conversation import Pace
from chimera.core.director import Speak, labelled
from chimera.core.generation import Scene
from chimera.core.persona import Persona, Traits, load_house
from chimera.core.state import ConversationState
from chimera.lab.headless import Headless
from chimera.providers.scripted import improvise, load_deck

HOUSE = {each.slug: each for each in load_house()}
TOPICS = (
    "Should cities ban cars?", "Is fog a place?", "Can a machine ever be lonely?",
    "Do we need kings?", "Why do we whistle in the dark?", "Is silence a kind of speech?",
)  # fmt: skip
TURNS = 30
LOW, HIGH = 0.05, 0.95


def ada(**traits: float) -> Persona:
    """A persona of whom the troupe has nothing but her card."""
    return Persona(
        slug="ada", name="Ada", short="Ada", color="rose", mask="ada", about="Counts.",
        voice="Dry.", traits=Traits(**traits),
    )  # fmt: skip


class Play(Headless):
    """Ada between two of the house, played by the troupe; her acts and lines are kept."""

    def __init__(self, card: Persona, topic: str) -> None:
        cast = [seated(each) for each in (card, HOUSE["comedian"], HOUSE["scientist"])]
        super().__init__(cast, topic=topic, seed=len(topic))
        self.told = dict[str, Mapping[str, Any]]()
        self.hers = list[tuple[str, str]]()

    def write(self, state: ConversationState, speak: Speak) -> str:
        line = improvise(Scene(state=state, speak=speak, turn=state.turn), load_deck())
        self.told[speak.participant_id] = line.told
        if speak.participant_id == "par_ada":
            self.hers.append((str(line.signals["act"]), line.text))
        return line.text

    def improv(self, who: str) -> Mapping[str, Any]:
        return self.told[who]


@cache
def played(trait: str, value: float) -> tuple[Play, ...]:
    plays = tuple(Play(ada(**{trait: value}), topic) for topic in TOPICS)
    for each in plays:
        each.run(TURNS, each.write)
    return plays


def said(trait: str, value: float) -> list[tuple[str, str]]:
    return [line for play in played(trait, value) for line in play.hers]


def share(lines: Iterable[tuple[str, str]], *acts: str) -> float:
    return mean(act in acts for act, _ in lines)


def like(pattern: str) -> Callable[[list[tuple[str, str]]], float]:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda lines: mean(bool(found.search(text)) for _, text in lines)


MEASURES: dict[str, Callable[[list[tuple[str, str]]], float]] = {
    "humour": lambda lines: share(lines, "PROP", "ASIDE", "CALLBACK", "JOKE"),
    "formality": lambda lines: (
        share(lines, "FACT", "QUOTE", "SYNTHESIS")
        + like(r"with respect|allow me|if i may|i shall say")(lines)
        - like(r"oh, come on|fine, listen|\blook\.|so there")(lines)
    ),
    "warmth": lambda lines: share(lines, "CONCEDE") - share(lines, "PRESS", "CHALLENGE"),
    "assertiveness": lambda lines: share(lines, "PRESS", "CHALLENGE"),
    "curiosity": lambda lines: share(lines, "ASK") + like(r"wonder|curious|love to know")(lines),
    "verbosity": lambda lines: mean(len(text.split()) for _, text in lines),
    "optimism": lambda lines: like("hopeful|gets better")(lines) - like("rarely ends")(lines),
}


@pytest.mark.parametrize("trait", MEASURES)
def test_a_trait_is_heard_in_what_the_troupe_says(trait: str) -> None:
    measure = MEASURES[trait]
    low, high = measure(said(trait, LOW)), measure(said(trait, HIGH))
    assert high > low + 0.02, (low, high)


def prompt_of(card: Persona) -> prompt.Prompt:
    play = Play(card, TOPICS[0])
    words = pacing.length(play.state, play.state.participants[0], labelled(play.state))
    speak = Speak(participant_id="par_ada", cause="self_selected", bids=(), words=words)
    return prompt.compose(play.state, speak, card)


@pytest.mark.parametrize("trait", MEASURES)
def test_a_trait_is_told_to_a_model(trait: str) -> None:
    texts = [prompt_of(ada(**{trait: value})).system for value in (LOW, 0.5, HIGH)]
    low, plain, high = (set(text.splitlines()) for text in texts)
    assert len(low - plain) == len(high - plain) == 1
    assert low - plain != high - plain


def test_who_is_verbose_is_asked_for_longer_lines() -> None:
    terse, wordy = (prompt_of(ada(verbosity=value)) for value in (LOW, HIGH))
    assert wordy.max_output_tokens > terse.max_output_tokens


def test_who_is_talkative_takes_more_of_the_turns() -> None:
    shy, eager = (mean(len(play.hers) for play in played("talk", value)) for value in (LOW, HIGH))
    assert eager > 1.5 * shy


def gaps(trait: str, value: float) -> float:
    turns = [turn for play in played(trait, value) for turn in play.played]
    return mean(turn.plan.wait_s for turn in turns if turn.speak.participant_id == "par_ada")


def test_who_has_a_quick_tempo_answers_sooner() -> None:
    assert gaps("tempo", HIGH) < gaps("tempo", LOW)


def test_who_types_fast_is_seen_typing_for_a_shorter_time() -> None:
    def typing(cps: float, topic: str) -> float:
        play = Play(ada(cps=cps), topic)
        state = replace(play.state, pace=Pace(mode="human"))
        speak = Speak(participant_id="par_ada", cause="self_selected", bids=(), words=6)
        return pacing.plan(state, speak, "Only a short line here.", labelled(state)).lead_s

    fast, slow = (mean(typing(cps, topic) for topic in TOPICS) for cps in (12.0, 2.0))
    assert fast < slow
