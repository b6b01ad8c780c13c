"""The facts, quotations and nouns of the troupe are short, distinct and properly credited."""

import re
from collections import Counter
from typing import get_args

import pytest
from content_reading import (
    DATA,
    Fact,
    Theme,
    facts,
    near_duplicates,
    nouns,
    quotations,
    repeated,
)


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
