import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.core import guard
from chimera.core.farewells import without_farewells
from chimera.lab.headless import seat

CAST = tuple(seat(index) for index in range(3))
ADA = CAST[0]


def trimmed(text: str, *, closing: bool = False) -> str:
    return guard.trim(text, ADA, CAST, words=60, ending="complete", closing=closing).text


@pytest.mark.parametrize(
    "goodbye",
    [
        "Goodbye, everyone!", "Take care, all of you.", "See you next time!", "Well, so long.",
        "It was a pleasure talking with you all!", "Thank you all for the wonderful conversation.",
        "Have a great day!", "It’s been such a lovely chat.", "Good night.",
        "Farewell, my friends!",
    ],
)  # fmt: skip
def test_a_stock_farewell_is_taken_out_of_a_line(goodbye: str) -> None:
    said = "A river is never the same twice."
    assert trimmed(f"{said} {goodbye}") == said
    assert trimmed(f"{goodbye} {said}") == said
    assert trimmed(goodbye) == ""
    assert trimmed(f"{said} {goodbye}", closing=True) == f"{said} {goodbye}"


@pytest.mark.parametrize(
    "speech",
    [
        "Take care of the lamp.", "So long as it rains, I stay.", "It was raining that day.",
        "Farewell to arms is a book.", "Thank you for the salt.", "See you have a point there.",
        "Have a look at the number.", "This was never about money.",
    ],
)  # fmt: skip
def test_what_only_begins_like_one_stays(speech: str) -> None:
    assert trimmed(speech) == speech


PIECES = st.sampled_from([
    "Goodbye", "bye", ", everyone", "!", ". ", " it was", " a pleasure", " talking", "So", " long",
    " as it", " lasts", " take care", " of", " Hm", "? ", "\n", "Thank you for", " the talk",
    "Have a", " nice day", "…", " well, ", "see you", " soon",
])  # fmt: skip


@given(pieces=st.lists(PIECES, max_size=14))
def test_a_stream_never_shows_a_goodbye_that_the_line_will_not_have(pieces: list[str]) -> None:
    stream, shown = guard.Stream(ADA, CAST, words=60), ""
    for piece in pieces:
        shown += stream.feed(piece)
    whole = trimmed("".join(pieces))
    assert whole.startswith(shown)
    assert trimmed(whole) == whole
    assert without_farewells(whole) == whole
