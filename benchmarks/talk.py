"""Whether talk stays talk: loops and lulls left, ends written, voices kept, secrets kept, a score.

The minds of `chimera.lab.habits` speak, each with one bad habit (`engine.md` section 18).
"""

from itertools import pairwise
from statistics import mean, median

from benchmarks.table import Row
from benchmarks.troupe import TOPICS, play
from chimera.core import events as ev
from chimera.core import guard, ladders, quality, voices
from chimera.core.conversation import Budget, Limits
from chimera.core.director import Speak, decide, labelled
from chimera.lab import habits as fakes
from chimera.lab.headless import Headless, Writer, random_words, seat

CAST = tuple(seat(index) for index in range(3))
CANARY = "xylophonic marmalade"


def stage(seed: int, **limits: object) -> Headless:
    return Headless(CAST, seed=seed, limits=Limits.model_validate(limits))


# --- loops and lulls -----------------------------------------------------------------------------


def left_after(seed: int, habit: Writer) -> int | None:
    """Turns from the first step against a loop to the last line that still had the habit."""
    talk, turn, first, last = stage(seed).run(40, habit), 0, None, 0
    for each in talk.log:
        match each.body:
            case ev.DirectorNoted(because="loop") if first is None:
                first = turn
            case ev.MessageCompleted(text=text):
                turn += 1
                if text == fakes.STUCK or quality.agreeing([text]):
                    last = turn
            case _:
                pass
    return None if first is None else max(0, last - first)


def loop_figures(seeds: int = 60) -> list[Row]:
    obeying = [left_after(seed, fakes.loop(seed)) for seed in range(seeds)]
    obeying += [left_after(seed, fakes.agreeer(seed)) for seed in range(seeds)]
    hits = [each for each in obeying if each is not None]
    stubborn = [stage(seed).run(200, fakes.stubborn).state for seed in range(10)]
    windows = [
        quality.loop(quality.window(lines[:end])).found
        for topic in TOPICS[:6]
        for lines in [[each for each in play(topic, seed=3).state.lines if each.participant_id]]
        for end in range(12, len(lines) + 1)
    ]
    ended = mean(each.ended_because == "loop" for each in stubborn)
    return [
        Row.at_most(
            "loop: windows of the troupe that alarm",
            mean(windows),
            0.01,
            fake="troupe",
            reference="0 of 1,971 human windows",
        ),
        Row.at_least(
            "loop: Loop and Agreeer are seen",
            len(hits) / len(obeying),
            0.99,
            fake="Loop, Agreeer",
            reference="200 of 200, synthetic",
        ),
        Row.at_least(
            "loop: left within 6 turns",
            mean(each <= 6 for each in hits),
            0.95,
            fake="Loop, Agreeer",
        ),
        Row.at_least("loop: LoopStubborn is ended by it", ended, 1.0, fake="LoopStubborn"),
        Row.at_most(
            "loop: turns until then",
            max(each.finished for each in stubborn),
            40,
            fake="LoopStubborn",
            reference="30, median",
        ),
        Row.at_most("guard: near-copies of Echo let through", echoed(), 0, fake="Echo"),
        Row.at_most(
            "lull: turns of Mute until the end, median",
            median(muted(10)),
            40,
            fake="Mute",
            reference="30, median",
        ),
    ]


def echoed(turns: int = 60) -> float:
    """How many echoes the guard takes for new lines."""
    talk = stage(1).run(12, random_words(1))
    passed = 0
    for _ in range(turns):
        decision = decide(talk.state, talk.now, labelled(talk.state))
        if isinstance(decision, Speak):
            me = talk.state.seat(decision.participant_id).participant
            passed += guard.review(fakes.echo(talk.state, decision), talk.state, me) is None
        talk.step(random_words(1))
    return passed


def muted(seeds: int) -> list[int]:
    """Turns started until talk ends in which every line is empty."""
    lengths: list[int] = []
    for seed in range(seeds):
        talk = stage(seed).run(4, random_words(seed))
        while talk.state.status == "running" and talk.state.started < 100:
            decision = decide(talk.state, talk.now, labelled(talk.state))
            if isinstance(decision, Speak):
                began = ev.TurnStarted(
                    turn_id=f"trn_{talk.state.turn}", message_id=f"msg_{talk.state.turn}",
                    participant_id=decision.participant_id, generation=1, cause=decision.cause,
                    pause_ms=0, route=ev.RouteRef(provider="stub", model="words"),
                )  # fmt: skip
                talk.append(began)
                talk.fail(decision, "bad_stream")
            else:
                talk.step(fakes.mute)
        lengths.append(talk.state.started)
    return lengths


# --- ends ----------------------------------------------------------------------------------------


def finale_figures(seeds: int = 500) -> list[Row]:
    """Seeded budgets of a Spender, each call of which costs about a tenth of a cent."""
    complete = within = 0
    for seed in range(seeds):
        amount = 0.008 + 0.00005 * seed
        talk = Headless(CAST, seed=seed, limits=Limits(budget=Budget(amount=amount)))
        state = talk.run(200, random_words(seed)).state
        ended = talk.log[-1].body
        complete += ended == ev.ConversationEnded(because="budget", finale=True)
        within += state.cost <= amount
    return [
        Row.at_least(f"finale: complete, {seeds} budgets", complete / seeds, 0.99, fake="Spender"),
        Row.at_least("finale: the ceiling is never passed", within / seeds, 1.0, fake="Spender"),
    ]


# --- voices and score ----------------------------------------------------------------------------


def voice_figures(plays: int = 6) -> list[Row]:
    away = [
        value > voices.STRAYS
        for topic in TOPICS[:plays]
        for end in (40, 70, 100)
        for value in voices.measured(play(topic, seed=4, turns=end).state).values()
    ]
    seen, merged = zip(*(slid(seed) for seed in range(12)), strict=True)
    return [
        Row.at_most(
            "voice: the troupe's own lines taken for others'",
            mean(away),
            0.05,
            fake="troupe",
            reference="human P95 1.06, AUC .83",
        ),
        Row.at_least("voice: Drifter is seen within 12 lines", mean(seen), 0.9, fake="Drifter"),
        Row.at_least("voice: merging is seen", mean(merged), 0.9, fake="Drifter"),
    ]


def slid(seed: int) -> tuple[bool, bool]:
    """Whether it is seen within twelve lines that Drifter has left its voice, and for whose."""
    cast = [seat(0, sample_lines=fakes.SLOW), seat(1, sample_lines=fakes.LOUD)]
    talk = Headless(cast, seed=seed, limits=Limits(min_turns=999))
    while talk.state.seat("par_0").turns < 22:
        talk.run(len(talk.played) + 1, fakes.drifter)
    away = (voices.strays(talk.state, "par_0") or 0) > voices.STRAYS
    return away, bool(voices.merging(talk.state))


def quality_figures() -> list[Row]:
    bad = [
        quality.score(
            stage(seed, min_turns=99).run(60, fakes.agreeer(seed, obeys=False)).state.lines
        ).value
        for seed in range(5)
    ]
    good = [quality.score(play(topic, seed=5, turns=72).state.lines).value for topic in TOPICS[:8]]
    return [
        Row.at_most("quality: Agreeer, best of five", max(bad), 25, fake="Agreeer", reference="12"),
        Row.at_least(
            "quality: troupe, worst of eight plays",
            min(good),
            70,
            fake="troupe",
            reference="prototype 60–70; people 77",
        ),
    ]


# --- the table ---------------------------------------------------------------------------------


def multilingual() -> int:
    """Turns said in languages without cue lists before anything broke."""
    talk = stage(1, min_turns=99).run(40, fakes.multilingual(1))
    assert all(each.seq == after.seq - 1 for each, after in pairwise(talk.log))
    return talk.state.finished


def rows() -> list[Row]:
    """Everything this page promises, measured now."""
    return [
        *loop_figures(),
        *finale_figures(),
        *voice_figures(),
        *quality_figures(),
        Row.at_least(
            "other languages: turns without trouble", multilingual(), 40, fake="Multilingual"
        ),
        Row.at_least("devices in the deck", len(ladders.load_devices()), 60),
    ]
