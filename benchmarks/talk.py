"""Whether talk stays talk: loops and lulls left, ends written, voices kept, secrets kept, a score.

The minds of `chimera.lab.habits` speak, each with one bad habit (`engine.md` section 18).
"""

import hashlib
from itertools import pairwise
from statistics import mean, median
from time import process_time

from benchmarks.table import Row
from benchmarks.troupe import TOPICS, Play, play
from chimera.core import events as ev
from chimera.core import guard, ladders, prompt, quality, voices
from chimera.core.conversation import Budget, Limits
from chimera.core.director import Direct, Speak, decide, labelled
from chimera.core.persona import load_house
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
        Row.at_most("loop: windows of the troupe that alarm", mean(windows), 0.01),
        Row.at_least("loop: Loop and Agreeer are seen", len(hits) / len(obeying), 0.99),
        Row.at_least("loop: left within 6 turns", mean(each <= 6 for each in hits), 0.95),
        Row.at_least("loop: LoopStubborn is ended by it", ended, 1.0),
        Row.at_most("loop: turns until then", max(each.finished for each in stubborn), 40),
        Row.at_most("guard: near-copies of Echo let through", echoed(), 0),
        Row.at_most("lull: turns of Mute until the end, median", median(muted(10)), 40),
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
        Row.at_least(f"finale: complete, {seeds} budgets", complete / seeds, 0.99),
        Row.at_least("finale: the ceiling is never passed", within / seeds, 1.0),
    ]


# --- secrets and others' lines -------------------------------------------------------------------


def whispered(seeds: int = 5) -> int:
    """How often a whisper is found in a prompt, a memory or a topic of those who did not hear."""
    found = 0
    for seed in range(seeds):
        talk = stage(seed).run(4, random_words(seed))
        talk.post(f"I love {CANARY}. Is that not a topic?", to=CAST[1].id)
        for _ in range(30):
            talk.run(len(talk.played) + 1, random_words(seed))
            for deaf in (CAST[0], CAST[2]):
                speak = Speak(participant_id=deaf.id, cause="self_selected", bids=(), words=9)
                known = " ".join(note.text for note in talk.state.seat(deaf.id).memory)
                found += CANARY in f"{fakes.seen(talk.state, speak)} {known} {talk.state.topic}"
    return found


def spoken_for(lines: int = 500) -> int:
    """Lines, or beginnings of lines as they stream, that hold somebody else's label."""
    talk, found = stage(1).run(3, random_words(1)), 0
    write = fakes.interrupter(1)
    for number in range(lines):
        me = CAST[number % 3]
        speak = Speak(participant_id=me.id, cause="self_selected", bids=(), words=12)
        text = write(talk.state, speak)
        stream, shown = guard.Stream(me, CAST, words=12), ""
        for start in range(0, len(text), 7):
            shown += stream.feed(text[start : start + 7])
        whole = guard.trim(text, me, CAST, words=12, ending="complete").text
        found += any(f"{other.name}:" in shown + whole for other in CAST if other is not me)
    return found


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
        Row.at_most("voice: the troupe's own lines taken for others'", mean(away), 0.05),
        Row.at_least("voice: Drifter is seen within 12 lines", mean(seen), 0.9),
        Row.at_least("voice: merging is seen", mean(merged), 0.9),
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
        Row.at_most("quality: Agreeer, best of five", max(bad), 25),
        Row.at_least("quality: troupe, worst of eight plays", min(good), 70),
    ]


# --- costs ---------------------------------------------------------------------------------------


def cost_figures(turns: int = 2000) -> list[Row]:
    """One long conversation: what a turn costs, early and late."""
    talk, card = stage(1), load_house()[0]
    times: list[float] = []
    sizes: list[int] = []
    told: dict[str, str] = {}
    shared: list[float] = []
    write = random_words(1, addressing=0.2)
    while len(talk.played) < turns:
        begun = process_time()
        talk.step(write)
        times.append(1000 * (process_time() - begun))
        decision = decide(talk.state, talk.now, labelled(talk.state))
        if isinstance(decision, Direct) or not isinstance(decision, Speak):
            continue
        composed = prompt.compose(talk.state, decision, card, budget_tokens=100_000)
        text = composed.system + "".join(each.text for each in composed.messages)
        sizes.append(len(text))
        who = decision.participant_id
        if who in told and len(talk.played) <= 200:
            shared.append(_same_start(told[who], text) / len(text))
        told[who] = text
    early, late = slice(100, 400), slice(-300, None)
    slower = mean(times[late]) / mean(times[early])
    return [
        Row.at_most("cost: processor ms a turn, everything on", mean(times), 5),
        Row.between("cost: ms a turn, late : early", slower, 0, 1.2),
        Row.between("cost: prompt, late : early", mean(sizes[late]) / mean(sizes[early]), 0.8, 1.2),
        Row.at_least("cost: prompt that stays from call to call", mean(shared), 0.85),
    ]


def _same_start(one: str, other: str) -> int:
    """For how many characters two texts are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def determined() -> bool:
    """Whether a seed gives one log."""
    digests = {
        hashlib.sha256(
            "".join(str(each.wire()) for each in _stage_of_troupe().log).encode()
        ).hexdigest()
        for _ in range(2)
    }
    return len(digests) == 1


def _stage_of_troupe() -> Play:
    return play(TOPICS[1], seed=11, turns=60)


def multilingual() -> int:
    """Turns said in languages without cue lists before anything broke."""
    talk = stage(1, min_turns=99).run(40, fakes.multilingual(1))
    assert all(each.seq == after.seq - 1 for each, after in pairwise(talk.log))
    return talk.state.finished


def rows() -> list[Row]:
    """Everything this page promises, measured now."""
    return [
        *loop_figures(), *finale_figures(),
        Row.at_most("whisper: found where it was not heard", whispered(), 0),
        Row.at_most("guard: lines of Interrupter for others, of 500", spoken_for(), 0),
        *voice_figures(), *quality_figures(), *cost_figures(),
        Row.at_least("determinism: one seed, one log", float(determined()), 1),
        Row.at_least("Multilingual: turns without trouble", multilingual(), 40),
        Row.at_least("devices in the deck", len(ladders.load_devices()), 60),
    ]  # fmt: skip
