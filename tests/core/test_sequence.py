from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chimera.core.sequence import (
    Draft,
    Sequencer,
    Verdict,
    splice,
    utf16_length,
    utf16_slice,
)

#: Letters of one and of two UTF-16 code units.
texts = st.text(alphabet="aé本🎭👩\u200d", max_size=40)


def draft(text: str = "", generation: int = 1) -> Draft:
    return Draft(
        message_id="msg_1", turn_id="trn_1", participant_id="par_1", generation=generation,
        text=text, offset=utf16_length(text),
    )  # fmt: skip


def pieces(text: str, cuts: list[int]) -> list[tuple[int, str]]:
    """The text cut at these places, each piece with its offset."""
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    return [(utf16_length(text[:begin]), text[begin:end]) for begin, end in pairwise(places)]


@given(arrivals=st.lists(st.integers(1, 12), max_size=60), after=st.integers(0, 5), log=st.just(12))
def test_every_event_is_delivered_once_and_in_order(
    arrivals: list[int], after: int, log: int
) -> None:
    """Under any loss, repetition and reordering, with a log that fills each gap."""
    sequencer, delivered = Sequencer(after), list[int]()
    for seq in arrivals:
        match sequencer.judge(seq):
            case Verdict.NEXT:
                delivered.append(seq)
            case Verdict.GAP:
                for missed in range(sequencer.last + 1, log + 1):
                    assert sequencer.judge(missed) is Verdict.NEXT
                    delivered.append(missed)
            case Verdict.SEEN:
                assert seq <= after or seq in delivered
    assert delivered == list(range(after + 1, after + 1 + len(delivered)))


def test_a_gap_moves_nothing() -> None:
    sequencer = Sequencer(3)
    assert sequencer.judge(6) is Verdict.GAP
    assert sequencer.last == 3


@given(text=texts, cuts=st.lists(st.integers(0, 40), max_size=8))
def test_the_pieces_make_the_whole(text: str, cuts: list[int]) -> None:
    whole = draft()
    for offset, piece in pieces(text, cuts):
        spliced = splice(whole, generation=1, offset=offset, text=piece)
        assert spliced is not None
        whole = spliced
    assert whole.text == text
    assert whole.offset == utf16_length(text)


@given(
    text=texts, cuts=st.lists(st.integers(0, 40), max_size=8),
    order=st.lists(st.integers(0, 8), max_size=30),
)  # fmt: skip
def test_lost_repeated_and_reordered_pieces_never_show_anything_but_a_prefix(
    text: str, cuts: list[int], order: list[int]
) -> None:
    every, shown = pieces(text, cuts), draft()
    for place in order:
        if place < len(every):
            offset, piece = every[place]
            shown = splice(shown, generation=1, offset=offset, text=piece) or shown
            assert text.startswith(shown.text)


@given(text=texts, cuts=st.lists(st.integers(0, 40), max_size=8))
def test_a_piece_twice_changes_nothing(text: str, cuts: list[int]) -> None:
    whole = draft(text)
    for offset, piece in pieces(text, cuts):
        assert splice(whole, generation=1, offset=offset, text=piece) == whole


def test_a_missing_piece_is_noticed() -> None:
    assert splice(draft("So"), generation=1, offset=5, text="there") is None


def test_an_older_generation_is_ignored() -> None:
    newer = draft("So", generation=4)
    assert splice(newer, generation=3, offset=2, text=" what") == newer


def test_offsets_count_as_a_browser_does() -> None:
    assert utf16_length("a🎭") == 3
    assert utf16_slice("a🎭b", 3) == "b"
    assert utf16_slice("abc", 1) == "bc"


def test_an_offset_inside_a_pair_moves_past_it() -> None:
    assert utf16_slice("🎭b", 1) == "b"
