"""A newcomer is told by the host what the talk is about, in few words and from public ones."""

from company_casts import ADA, BRUNO, CAST, begun, coming, pairs, whispered

from chimera.core import director, floor
from chimera.core import events as ev
from chimera.core.company import arrivals
from chimera.core.director import Direct, Speak, Wait
from chimera.lab.headless import Headless, random_words, seat


def talking(seed: int = 3, turns: int = 4) -> Headless:
    play = pairs(seed).run(turns, random_words(seed))
    play.append(ev.TopicChanged.model_validate(
        {"topic": "What is a lamp for?", "from": play.state.topic, "cause": "viewer"}
    ))  # fmt: skip
    speak = coming(play)
    begun(play, speak).finish(
        speak, "Every lamp keeps one promise to the dark. And who am I to ask?"
    )
    return play


def joined(play: Headless, who: int = 4) -> None:
    newcomer = seat(who)
    play.append(ev.ParticipantJoined(participant_id=newcomer.id, participant=newcomer))


def told(play: Headless) -> list[str]:
    """What the host says before anybody goes on."""
    said: list[str] = []
    decision = director.decide(play.state, play.now, director.labelled(play.state))
    while isinstance(decision, Direct):
        for body in decision.bodies:
            play.append(body)
            if isinstance(body, ev.MessagePosted):
                said.append(body.text)
        decision = director.decide(play.state, play.now, director.labelled(play.state))
    return said


def test_the_host_names_the_newcomer_the_topics_and_what_was_said() -> None:
    play = talking()
    speaker = play.state.lines[-1].name
    joined(play)
    [line] = told(play)
    assert line == (
        "Emil has just joined us. We are talking about “What is a lamp for?”. "
        "Before that it was “Why do we whistle in the dark?”. "
        f"{speaker} said: “Every lamp keeps one promise to the dark.”"
    )
    assert told(play) == []


def test_it_is_never_longer_than_sixty_words() -> None:
    play = talking()
    long = " ".join(["Whether lamps dream"] * 30)
    play.append(ev.TopicChanged.model_validate({"topic": long, "from": "", "cause": "viewer"}))
    for name in ("par_5", "par_6"):
        joined(play, int(name[-1]))
    [line] = told(play)
    assert line.startswith("Fritz and Gerda have just joined us.")
    assert len(line.split()) <= arrivals.LONGEST_WORDS


def test_what_was_whispered_is_not_told() -> None:
    play = whispered(talking(), "Only the zanzibar lamp keeps all of its promises tonight.")
    joined(play)
    [line] = told(play)
    assert "zanzibar" not in line


def test_who_was_there_from_the_start_is_told_nothing() -> None:
    play = Headless(CAST[:2])
    joined(play)
    play.run(3, random_words(1))
    assert not any(line.kind == "host" for line in play.state.lines)


def test_the_host_does_not_speak_twice_within_five_turns() -> None:
    play = talking()
    joined(play)
    assert len(told(play)) == 1
    joined(play, 5)
    assert told(play) == []


def test_nothing_is_told_in_the_finale() -> None:
    play = talking()
    play.append(ev.DirectorNoted(note="Last round.", because="finale", ends="turns"))
    joined(play)
    assert not any("joined" in line for line in told(play))


def test_who_was_just_asked_answers_before_the_host_speaks() -> None:
    play = talking()
    speak = coming(play)
    begun(play, speak)
    asked = next(each for each in (ADA, BRUNO) if each.id != speak.participant_id)
    play.finish(speak, f"{asked.short}, what do you say?")
    joined(play)
    assert told(play) == []
    assert coming(play).participant_id == asked.id


# --- who may speak when nobody else can ----------------------------------------------------------


def test_a_show_goes_on_with_the_only_one_who_can_speak() -> None:
    play = Headless(CAST[:3], seed=5).run(3, random_words(5))
    last = play.played[-1].speak.participant_id
    for each in CAST[:3]:
        if each.id != last:
            play.append(ev.ParticipantMuted(participant_id=each.id))
    assert floor.candidates_of(play.state) == {last}
    play.run(8, random_words(5))
    assert [turn.speak.participant_id for turn in play.played[3:]] == [last] * 5


def test_who_spoke_last_goes_on_while_the_others_cannot() -> None:
    play = Headless(CAST[:2], seed=5).run(1, random_words(5))
    able = play.played[-1].speak.participant_id
    write, failed, notes = random_words(5), 0, 0
    for _ in range(60):
        decision = director.decide(play.state, play.now, director.labelled(play.state))
        if isinstance(decision, Speak) and decision.participant_id != able:
            begun(play, decision).fail(decision, "content_refused")
            failed += 1
        else:
            notes += isinstance(decision, Direct)
            play.step(write)
        assert not isinstance(decision, Wait) or play.waits < 20
    speakers = [turn.speak.participant_id for turn in play.played]
    assert set(speakers) == {able}
    assert len(speakers) > 20
    assert 0 < failed < 12
    assert notes < 10


def test_a_show_of_whom_nobody_gets_a_word_out_is_ended_by_the_ladder() -> None:
    play = Headless(CAST[:3], seed=5)
    failed = 0
    for _ in range(80):
        decision = director.decide(play.state, play.now, director.labelled(play.state))
        if isinstance(decision, Speak):
            begun(play, decision).fail(decision, "bad_stream")
            failed += 1
        else:
            play.step(random_words(5))
        if play.state.status == "ended":
            break
    assert play.state.ended_because == "lull"
    assert failed < 30
