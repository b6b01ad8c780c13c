"""The house's own words are complete, well formed, distinct and properly credited.

Personas, starters, facts, quotations and nouns are data; these tests are their only compiler.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, get_args

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

import chimera
from chimera.core.persona import Gel, Persona

DATA = Path(chimera.__file__).parent / "data"
SLUGS = frozenset(
    {
        "philosopher", "comedian", "scientist", "historian", "poet", "engineer",
        "skeptic", "diplomat", "child", "detective", "chef", "futurist",
    }
)  # fmt: skip
DEFAULT_CAST = ("philosopher", "comedian", "scientist")
NEAR = 0.6

Theme = Literal[
    "mind", "technology", "everyday", "food", "love", "time",
    "art", "science", "society", "money", "nature", "play",
]  # fmt: skip
Themes = Annotated[tuple[Theme, ...], Field(min_length=1, max_length=2)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Concepts = Annotated[tuple[str, ...], Field(min_length=1, max_length=4)]


class Entry(BaseModel):
    """A closed record: a misspelt key is an error, not a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Frame(Entry):
    kind: Literal["whether", "should", "why", "how", "number", "noun"]
    head: str
    phrase: str
    clause: str


class Starter(Entry):
    id: Id
    text: Annotated[str, Field(max_length=90, pattern=r"^[A-Z].*\?$")]
    themes: Themes
    frame: Frame
    seeds: dict[str, str]


class Fact(Entry):
    id: Id
    text: Annotated[str, Field(pattern=r"\.$")]
    concepts: Concepts
    themes: Themes
    source: Annotated[str, Field(min_length=8)]


class Quotation(Entry):
    id: Id
    text: Annotated[str, Field(pattern=r"[.!?]$")]
    author: Annotated[str, Field(min_length=4)]
    work: Annotated[str, Field(min_length=4)]
    concepts: Concepts
    themes: Themes


class Noun(Entry):
    word: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]
    plural: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")] | None
    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]


def read_improv(name: str) -> str:
    return (DATA / "improv" / name).read_text(encoding="utf-8")


@cache
def personas() -> dict[str, Persona]:
    files = sorted((DATA / "personas").glob("*.toml"))
    return {
        file.stem: Persona.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        for file in files
    }


@cache
def starters() -> tuple[Starter, ...]:
    table = tomllib.loads((DATA / "starters.toml").read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Starter, ...]).validate_python(table["starter"])


@cache
def facts() -> tuple[Fact, ...]:
    return TypeAdapter(tuple[Fact, ...]).validate_json(read_improv("facts.json"))


@cache
def quotations() -> tuple[Quotation, ...]:
    return TypeAdapter(tuple[Quotation, ...]).validate_json(read_improv("quotations.json"))


@cache
def nouns() -> dict[str, Noun]:
    entries = TypeAdapter(tuple[Noun, ...]).validate_json(read_improv("nouns.json"))
    assert not repeated(entry.word for entry in entries)
    return {entry.word: entry for entry in entries}


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w']+", text.lower()))


def near_duplicates(texts: Iterable[str], limit: float = NEAR) -> list[tuple[str, str]]:
    """Pairs whose word sets overlap by `limit` or more (Jaccard)."""
    bags = [(text, words(text)) for text in texts]
    return [
        (one, other)
        for (one, a), (other, b) in combinations(bags, 2)
        if len(a & b) >= limit * len(a | b)
    ]


def repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


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
        if frame.kind == "should":
            assert " should " in frame.clause, starter.id


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


def test_there_is_a_fact_for_every_theme() -> None:
    assert len(facts()) >= 250
    assert not repeated(fact.id for fact in facts())
    themes = Counter(theme for fact in facts() for theme in fact.themes)
    assert min(themes[theme] for theme in get_args(Theme)) >= 40


def test_a_fact_is_one_short_sentence_with_a_source() -> None:
    assert [fact.text for fact in facts() if len(fact.text.split()) > 24] == []
    assert [fact.text for fact in facts() if re.search(r"[.?!] [A-Z]", sentence(fact))] == []


def sentence(fact: Fact) -> str:
    """The text without initials and saints, whose full stops end nothing."""
    return re.sub(r"\b([A-Z]|St)\.", "", fact.text)


def test_no_two_facts_are_nearly_the_same() -> None:
    assert near_duplicates(fact.text for fact in facts()) == []


#: Who wrote in English; everybody else needs a translator, or is told in our own words.
ENGLISH = frozenset(
    {
        "Ada Lovelace", "Adam Smith", "Alexander Pope", "Alfred Tennyson", "Ambrose Bierce",
        "Benjamin Franklin", "Charles Darwin", "Charles Dickens", "Charles Lamb", "David Hume",
        "Edmund Burke", "Edward Young", "Elizabeth Barrett Browning", "Emily Dickinson",
        "Francis Bacon", "Frederick Douglass", "George Eliot", "Henry David Thoreau",
        "Isaac Newton", "Jane Austen", "Jerome K. Jerome", "John Donne", "John Keats",
        "John Milton", "John Ruskin", "John Stuart Mill", "Jonathan Swift", "Joseph Conrad",
        "Lewis Carroll", "Lord Byron", "Mark Twain", "Mary Shelley", "Mary Wollstonecraft",
        "Michael Faraday", "Oscar Wilde", "Percy Bysshe Shelley", "Ralph Waldo Emerson",
        "Robert Browning", "Robert Louis Stevenson", "Samuel Butler", "Samuel Johnson",
        "Thomas Carlyle", "Thomas Henry Huxley", "Thomas Hobbes", "Walt Whitman", "Walter Pater",
        "William Blake", "William Hazlitt", "William James", "William Kingdon Clifford",
        "William Shakespeare", "William Wordsworth",
    }
)  # fmt: skip
#: Translators who died before 1930.
TRANSLATORS = frozenset(
    {
        "Benjamin Jowett", "Charles Cotton", "Edward FitzGerald", "Francis Adams",
        "George Long", "James Legge", "Max Müller", "Richard Jebb",
    }
)  # fmt: skip


def test_quotations_are_short_and_not_repeated() -> None:
    assert len(quotations()) >= 120
    assert not repeated(quotation.id for quotation in quotations())
    assert [one.text for one in quotations() if len(one.text.split()) > 22] == []
    assert near_duplicates(quotation.text for quotation in quotations()) == []


def test_a_translation_is_old_enough_or_called_ours() -> None:
    for quotation in quotations():
        _, _, translator = quotation.work.partition(", tr. ")
        assert (
            quotation.author in ENGLISH
            or translator in TRANSLATORS
            or quotation.work.startswith("after ")
            or quotation.work.endswith("King James Version")
        ), quotation


def test_no_author_fills_the_quotation_book() -> None:
    authors = Counter(quotation.author for quotation in quotations())
    assert authors.most_common(1)[0][1] <= len(quotations()) / 12


def test_there_are_nouns_for_every_theme() -> None:
    assert len(nouns()) >= 1_500
    themes = Counter(theme for noun in nouns().values() for theme in noun.themes)
    assert min(themes[theme] for theme in get_args(Theme)) >= 100


def test_a_plural_belongs_to_one_noun() -> None:
    plurals = [noun.plural for noun in nouns().values() if noun.plural is not None]
    assert not repeated(plurals)
    assert {p for p in plurals if p in nouns() and nouns()[p].plural != p} == set()


@pytest.mark.parametrize("word", ["can", "will", "may", "well", "back", "just", "right", "thing"])
def test_words_that_are_mostly_something_else_are_no_nouns_here(word: str) -> None:
    assert word not in nouns()


def test_every_concept_of_a_fact_or_quotation_is_a_noun_we_can_inflect() -> None:
    used = {concept for entry in (*facts(), *quotations()) for concept in entry.concepts}
    assert used <= set(nouns()), used - set(nouns())


def test_all_words_use_plain_apostrophes() -> None:
    files = [
        *(DATA / "personas").glob("*.toml"), DATA / "starters.toml",
        *(DATA / "improv" / name for name in ("facts.json", "quotations.json", "nouns.json")),
    ]  # fmt: skip
    found = {file.name for file in files if re.search("[‘’“”]", file.read_text("utf-8"))}
    assert found == set()
