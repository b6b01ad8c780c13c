import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chimera.core.persona import Persona, check_name, load_house

HOUSE = load_house()


@pytest.mark.parametrize(
    "name", ["The Philosopher", "Dr. No", "O’Hara", "Jean-Luc", "C3 PO", "हिन्दी", "Film Director"]
)
def test_a_name_people_use_is_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["System", "user", "The Host", "User 1", "AI Assistant", "HUMAN", "the", "Audience", "12"],
)
def test_a_name_that_looks_like_a_role_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="looks like a role"):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["", " ", "A:B", "A\nB", "[host]", "<b>", "-dash", "🎭", "a\u200bb"]
)
def test_a_name_that_could_end_its_label_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="begins with a letter or digit"):
        check_name(name)


@given(st.text())
def test_a_name_taken_is_taken_again(name: str) -> None:
    try:
        taken = check_name(name)
    except ValueError:
        return
    assert check_name(taken) == taken
    assert ":" not in taken
    assert "\n" not in taken


def test_the_house_is_read_once_and_in_order() -> None:
    assert len(HOUSE) >= 12
    assert [each.slug for each in HOUSE] == sorted(each.slug for each in HOUSE)
    assert load_house() is HOUSE


def test_a_persona_is_known_by_its_slug() -> None:
    assert {each.id for each in HOUSE} >= {"per_philosopher", "per_comedian", "per_scientist"}


def test_the_character_leaves_the_card_behind() -> None:
    persona = HOUSE[0]
    public = persona.character
    assert public.sample_lines == persona.sample_lines
    assert not hasattr(public, "voice")
    assert type(public).model_validate_json(public.model_dump_json()) == public


def test_a_card_with_a_name_like_a_role_is_refused() -> None:
    card = HOUSE[0].model_dump()
    with pytest.raises(ValidationError, match="looks like a role"):
        Persona.model_validate({**card, "aliases": ("Host",)})
    with pytest.raises(ValidationError):
        Persona.model_validate({**card, "script": "import os"})


def test_a_fork_in_other_words_keeps_its_part_until_its_voice_is_rewritten() -> None:
    chef = next(each for each in load_house() if each.slug == "chef")
    fork = chef.model_copy(update={"slug": "cook", "plays_as": "chef"})
    assert fork.reworded({"about": "Another kitchen."}).plays_as == "chef"
    assert fork.reworded({"sample_lines": [*chef.sample_lines[1:], "One more."]}).plays_as == "chef"
    assert fork.reworded({"sample_lines": ["Only this."]}).plays_as is None
    assert fork.reworded({"voice": "Whispers."}).plays_as is None
