"""The house's personas and starters are complete, distinct and fit for the stage."""

import re
from collections import Counter
from itertools import combinations
from typing import get_args

import pytest
from content_reading import (
    DEFAULT_CAST,
    SLUGS,
    Theme,
    near_duplicates,
    nouns,
    personas,
    repeated,
    starters,
)

from chimera.core.persona import Gel

each_persona = pytest.mark.parametrize("slug", sorted(SLUGS))


def test_the_house_has_its_twelve_personas_and_no_other() -> None:
    assert set(personas()) == SLUGS
    assert all(slug == persona.slug == persona.mask for slug, persona in personas().items())


def test_every_persona_wears_a_gel_of_its_own() -> None:
    assert sorted(persona.color for persona in personas().values()) == sorted(get_args(Gel))


def test_the_default_cast_looks_and_moves_as_it_was_drawn() -> None:
    cast = [personas()[slug] for slug in DEFAULT_CAST]
    assert [(one.color, one.rhythm) for one in cast] == [
        ("steel", "slow"), ("amber", "quick"), ("verdigris", "even"),
    ]  # fmt: skip


def test_no_two_personas_answer_to_the_same_name() -> None:
    owners = Counter(
        name
        for one in personas().values()
        for name in {alias.lower() for alias in (one.short, *one.aliases)}
    )
    assert max(owners.values()) == 1


@each_persona
def test_an_alias_is_one_word_that_nobody_says_by_accident(slug: str) -> None:
    aliases = personas()[slug].aliases
    assert aliases
    assert all(alias.isalpha() for alias in aliases)
    assert not {alias.lower() for alias in aliases} & (set(nouns()) - {slug})


@each_persona
def test_a_card_is_complete(slug: str) -> None:
    card = personas()[slug]
    assert card.name == f"The {card.short}"
    assert len(card.values) >= 3
    assert len(card.habits) >= 3
    assert len(card.forbidden) >= 3
    assert 12 <= len(card.expertise) <= 20
    assert all(field == field.lower() for field in card.expertise)
    assert not repeated(card.expertise)
    assert card.language == "en"


@each_persona
def test_traits_stay_where_the_stage_can_use_them(slug: str) -> None:
    traits = personas()[slug].traits
    assert 0.35 <= traits.talk <= 0.65
    assert 3.0 <= traits.cps <= 6.5


@each_persona
def test_sample_lines_are_twelve_spoken_lines(slug: str) -> None:
    lines = personas()[slug].sample_lines
    assert len(lines) == 12
    assert [line for line in lines if not 6 <= len(line.split()) <= 35] == []
    assert [line for line in lines if not re.search(r"[.?!]$", line)] == []


@each_persona
def test_a_persona_does_not_begin_every_line_alike(slug: str) -> None:
    openings = Counter(tuple(line.lower().split()[:2]) for line in personas()[slug].sample_lines)
    assert openings.most_common(1)[0][1] <= 2


#: A phrase in single quotes; an apostrophe inside a word does not end it.
QUOTED = r"(?<!\w)'(.+?)'(?!\w)"


@each_persona
def test_a_persona_never_says_what_its_card_forbids(slug: str) -> None:
    card = personas()[slug]
    said = " ".join(card.sample_lines).lower()
    banned = [phrase for rule in card.forbidden for phrase in re.findall(QUOTED, rule)]
    assert [phrase for phrase in banned if phrase.lower() in said] == []


def test_no_two_sample_lines_are_nearly_the_same() -> None:
    assert near_duplicates(line for one in personas().values() for line in one.sample_lines) == []


@each_persona
def test_business_is_short_and_never_said_twice(slug: str) -> None:
    business = personas()[slug].business
    states = (business.listening, business.eager, business.chosen, business.thinking)
    phrases = [phrase for state in states for phrase in state]
    assert all(6 <= len(state) <= 10 for state in states)
    assert [phrase for phrase in phrases if len(phrase) > 34] == []
    assert [phrase for phrase in phrases if not re.search(r"^[A-Z].*[^.]$", phrase)] == []
    assert not repeated(phrases)


@each_persona
def test_relations_point_at_others_of_the_house(slug: str) -> None:
    relations = personas()[slug].relations
    assert 3 <= len(relations) <= 5
    assert set(relations) <= SLUGS - {slug}
    assert all(-1 <= affinity <= 1 and affinity for affinity in relations.values())


def test_there_are_starters_for_every_theme() -> None:
    assert len(starters()) >= 160
    assert not repeated(starter.id for starter in starters())
    themes = Counter(theme for starter in starters() for theme in starter.themes)
    assert min(themes[theme] for theme in get_args(Theme)) >= 10


def test_no_two_starters_are_nearly_the_same() -> None:
    assert near_duplicates(starter.text for starter in starters()) == []


OPENINGS = {
    "whether": r"(Is|Are|Was|Were|Did|Do|Does|Can|Could|Will|Would|Has|Have) ",
    "should": r"Should ",
    "why": r"Why ",
    "how": r"How (?!many|much)",
    "number": r"How (many|much) ",
    "noun": r"(What|Which) ",
}


@pytest.mark.parametrize("kind", sorted(OPENINGS))
def test_a_frame_is_of_the_kind_its_question_asks(kind: str) -> None:
    framed = [starter for starter in starters() if starter.frame.kind == kind]
    assert framed
    assert [one.text for one in framed if not re.match(OPENINGS[kind], one.text)] == []


def test_a_frame_can_be_put_into_a_sentence() -> None:
    for starter in starters():
        frame = starter.frame
        assert frame.head in nouns(), starter.id
        assert frame.phrase, starter.id
        assert not re.search(r"[?.!]$", frame.phrase + frame.clause), starter.id
        assert bool(frame.clause) == (frame.kind not in {"number", "noun"}), starter.id
        assert bool(frame.denied) == (frame.kind in {"should", "whether"}), starter.id
        assert frame.denied != frame.clause or not frame.clause, starter.id
        if frame.kind == "should":
            assert " should " in frame.clause, starter.id


#: Words that only a question or a denial can carry: "dreams mean anything" asserts nothing.
QUESTIONING = re.compile(r"\b(any|anyone|anybody|anything|ever)\b")


def test_a_clause_asserts_and_its_denial_answers_it() -> None:
    sided = [one.frame for one in starters() if one.frame.kind in {"should", "whether"}]
    assert [frame.clause for frame in sided if QUESTIONING.search(frame.clause)] == []
    assert near_duplicates(frame.denied for frame in sided) == []


def test_every_pair_of_the_default_cast_has_something_to_disagree_about() -> None:
    pairs = {f"{one}/{other}" for one, other in combinations(DEFAULT_CAST, 2)}
    for starter in starters():
        assert set(starter.seeds) == pairs, starter.id
        for pair, seed in starter.seeds.items():
            assert len(seed.split()) <= 25, seed
            assert seed.endswith("."), seed
            assert all(f"the {slug}" in seed.lower() for slug in pair.split("/")), seed


def test_seeds_of_disagreement_do_not_repeat_each_other() -> None:
    assert near_duplicates(seed for one in starters() for seed in one.seeds.values()) == []
