import pytest
from benchmarks.troupe import play as played

from chimera.core import voices
from chimera.core.conversation import Limits
from chimera.core.director import Speak
from chimera.core.state import ConversationState
from chimera.lab import habits as fakes
from chimera.lab.headless import Headless, seat

SLOW, LOUD = fakes.SLOW, fakes.LOUD


def slowly(state: ConversationState, _speak: Speak) -> str:
    return fakes.slow(state.turn)


def stage(*samples: tuple[str, ...]) -> Headless:
    cast = [seat(n, sample_lines=each) for n, each in enumerate(samples)]
    return Headless(cast, seed=4, limits=Limits(min_turns=999))


def test_a_voice_is_near_itself_and_far_from_another() -> None:
    slow, loud = voices.of(SLOW), voices.of(LOUD)
    assert voices.distance(slow, slow) == 0
    assert voices.distance(slow, loud) > voices.LOST


def test_another_language_is_measured_without_english_words() -> None:
    one = voices.of(("Das ist, glaube ich, der Fluss.", "Der Berg, der Weg, das Haus."))
    assert voices.distance(one, one, english=False) == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_troupe_keeps_its_voices(seed: int) -> None:
    state = played("tea or coffee", seed=seed, turns=80).state
    assert max(voices.measured(state).values()) < voices.STRAYS
    assert voices.merging(state) == []


def test_who_slides_into_another_voice_is_seen_within_twelve_lines_and_reminded() -> None:
    play = stage(SLOW, LOUD).run(20, fakes.drifter)
    ada, bruno = (each.participant for each in play.state.seats)
    assert not list(voices.reminded(play.state, ada))
    while play.state.seat(ada.id).turns < 22:
        play.run(len(play.played) + 1, fakes.drifter)
    assert (voices.strays(play.state, ada.id) or 0) > voices.STRAYS
    assert voices.lost(play.state, ada.id)
    assert (voices.strays(play.state, bruno.id) or 0) < voices.STRAYS
    told = " ".join(voices.reminded(play.state, ada))
    assert SLOW[0][:40] in told
    speak = Speak(participant_id=ada.id, cause="self_selected", bids=(), words=9)
    assert "You have been losing your voice" in fakes.seen(play.state, speak)


def test_two_who_merge_are_both_told() -> None:
    play = stage(SLOW, LOUD).run(50, fakes.drifter)
    ada, bruno = (each.participant for each in play.state.seats)
    assert voices.merging(play.state) == [(ada, bruno)]
    assert "sound like Bruno" in " ".join(voices.reminded(play.state, ada))
    assert "sound like Ada" in " ".join(voices.reminded(play.state, bruno))


def test_of_two_lines_the_nearer_to_the_voice_is_kept() -> None:
    play = stage(SLOW, LOUD).run(20, fakes.drifter)
    assert voices.nearer(play.state, "par_0", LOUD[0], SLOW[1]) == SLOW[1]
    assert voices.nearer(play.state, "par_1", LOUD[0], SLOW[1]) == LOUD[0]


def test_after_so_many_lines_somebody_is_measured_against_themselves() -> None:
    play = stage(LOUD, LOUD).run(2 * voices.SETTLED + 2, slowly)
    assert play.state.seat("par_0").voice is not None
    assert (voices.strays(play.state, "par_0") or 0) < voices.STRAYS


def test_a_card_without_samples_is_not_measured() -> None:
    play = stage((), ()).run(20, slowly)
    assert voices.measured(play.state) == {}
    assert not voices.lost(play.state, "par_0")
