"""Who speaks next, and why: `decide` looks at the state and names the next thing to happen.

No model is asked. Bids are sums of named terms (`engine.md` section 3), hard rules come before the
draw, and every draw comes from a generator labelled with the number of the turn.
"""

import math
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

from chimera.core import budget, floor, ladders, memory, pacing, schemes, topics
from chimera.core.company import arrivals, duets, whispers
from chimera.core.conversation import Cause, EndedBecause
from chimera.core.details import DirectedBy
from chimera.core.events import BidRef, Body, Rungs, Visibility
from chimera.core.floor import ALONE, Counsel, Standing
from chimera.core.pacing import Rng
from chimera.core.parts import Note
from chimera.core.state import ConversationState

#: Below this largest bid nobody speaks for one beat.
THRESHOLD = 0.20
#: Chance of an afterthought for a participant of talk 1.
CONTINUES = 0.10
NOTES_AT_ONCE = 3
#: Closing words are never a mere interjection.
CLOSING_WORDS = 12
#: The directors that can be asked for by name.
NAMES = tuple(schemes.SCHEMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """A participant gets the floor."""

    participant_id: str
    cause: Cause
    bids: tuple[BidRef, ...]
    #: Target length in words (`engine.md` section 5.2).
    words: int
    #: What the director whispers to the speaker; part of the prompt's tail.
    note: str | None = None
    #: The message this turn answers: a viewer's, or the line that named the speaker.
    replies_to: str | None = None
    #: Whether a person is being answered; such a turn is not kept waiting in the long tail.
    human: bool = False
    #: Seconds of silence since the last line, because nobody wanted the floor.
    silence_s: float = 0.0
    #: Whether this is the time for a goodbye: closing words, or an answer to somebody's own.
    closing: bool = False
    #: How far the director's ladders are climbed.
    rungs: Rungs | None = None
    #: Who directed, where the conversation's own director could not.
    directed_by: DirectedBy | None = None
    #: What the speaker is reminded of, of all it remembers.
    recalled: tuple[Note, ...] = ()
    #: Who ends the line, in a duet.
    with_: str | None = None
    #: Who of the cast hears it.
    audience: Visibility = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nobody wants the floor: silence for one beat, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The director itself does something before anybody speaks; then it decides again."""

    bodies: tuple[Body, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The conversation is over; `finale`: closing words were said."""

    because: EndedBecause
    finale: bool = False


Decision = Speak | Wait | Direct | End


def labelled(state: ConversationState) -> Rng:
    """The random sources of the coming turn; what the audience does meanwhile re-rolls nothing."""
    return lambda label: Random(f"{state.seed}:{state.turn}:{label}")


def decide(state: ConversationState, now_ms: int, rng: Rng, counsel: Counsel = ALONE) -> Decision:
    """The next thing to happen. Same state, time and sources: same decision."""
    over = _over(state, now_ms)
    if over is not None:
        return over
    standings = floor.survey(state, counsel)
    random = rng("speaker")
    afterthought, drawn = random.random(), random.random()
    claim = _human_first(state, standings) or _given_back(state, standings)
    if claim is None and state.ladders.finale is None:
        bodies = _steps(state, standings, rng)
        if bodies:
            return Direct(bodies=bodies)
    claim = claim or _invited(state, standings)
    if claim is None and state.ladders.finale is not None:
        return _curtain(state, state.ladders.finale)
    claim = claim or _overdue(standings) or _continuing(state, standings, afterthought)
    if claim is not None:
        return _speak(state, standings, claim, rng, counsel)
    return _quiet(state, standings, now_ms, rng) or _speak(
        state, standings, _drawn(state, standings, drawn, rng), rng, counsel
    )


def _over(state: ConversationState, now_ms: int) -> Decision | None:
    """What a limit asks for: the end, or the closing words before it."""
    finale, because = state.ladders.finale, stopped(state, now_ms)
    if finale is not None and because in {"turns", "time", "budget"}:
        # The limit for whose sake it is played is reached; the host still closes.
        waiting = because != "turns" and (state.invited or state.given_back)
        return None if waiting else _curtain(state, finale)
    if because is not None and (because != "budget" or not ladders.can_close(state)):
        return End(because=because)
    near = ladders.ending(state, now_ms)
    return Direct(bodies=ladders.begin_finale(state, near)) if near else None


def _curtain(state: ConversationState, finale: ladders.Finale) -> Decision:
    """The host's last words, then the end."""
    bodies = ladders.end_finale(state)
    return Direct(bodies=bodies) if bodies else End(because=finale.because, finale=True)


def _steps(state: ConversationState, standings: Sequence[Standing], rng: Rng) -> tuple[Body, ...]:
    """What the director has to do about the talk before anybody goes on with it."""
    if not any(each.candidate for each in standings):
        return ()
    # Who was just spoken to answers before the subject is changed.
    asked = any(each.view.addressed for each in standings)
    return (
        arrivals.recap(state, asked=asked)
        or ladders.against_loop(state, rng)
        or ladders.against_lull(state, standings, rng, silent=False)
        or (topics.shift(state, rng) if topics.exhausted(state) and not asked else ())
    )


def _quiet(
    state: ConversationState, standings: Sequence[Standing], now_ms: int, rng: Rng
) -> Decision | None:
    """Silence while nobody wants the floor, and what the director does about it after a beat."""
    asking = ladders.asking_s(state, now_ms)
    if asking:
        return Wait(seconds=asking)
    candidates = [each for each in standings if each.candidate]
    silence = _silence(state, candidates, rng)
    if not candidates:
        return Wait(seconds=silence)
    if not silence:
        return None
    since = max(state.landed_at or now_ms, state.ladders.lull.at)
    left = silence - (now_ms - since) / 1000
    # Below what a clock of milliseconds can tell, the beat is over.
    if left >= 0.001:
        return Wait(seconds=left)
    return Direct(bodies=ladders.against_lull(state, standings, rng, silent=True))


def stopped(state: ConversationState, now_ms: int) -> EndedBecause | None:
    """The limit that ends the conversation now, if one does."""
    limits = state.limits
    reached: tuple[tuple[EndedBecause, bool], ...] = (
        ("turns", limits.max_turns is not None and state.finished >= limits.max_turns),
        ("time", _minutes(state, now_ms) >= (limits.max_minutes or math.inf)),
        ("tokens", limits.max_tokens is not None and state.tokens >= limits.max_tokens),
        ("budget", budget.spent(state) and budget.when_spent(state) == "finale"),
        ("phrase", _phrase_said(state)),
    )
    return next((because for because, true in reached if true), None)


def _minutes(state: ConversationState, now_ms: int) -> float:
    """How long the conversation has been running, its pauses taken off."""
    if state.started_at is None:
        return 0.0
    return (now_ms - state.started_at - state.paused_ms) / 60_000


def _phrase_said(state: ConversationState) -> bool:
    """Whether the newest line, or what was said from the stalls since, holds the stop phrase."""
    phrase = (state.limits.stop_phrase or "").casefold()
    if not phrase:
        return False
    newest = [line for line in state.lines[-20:] if line.turn == state.finished]
    return any(phrase in line.text.casefold() for line in newest)


# --- the rules before the draw, in their order ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """Who has the floor by which rule."""

    standing: Standing
    cause: Cause
    replies_to: str | None = None
    human: bool = False
    with_: str | None = None
    audience: Visibility = "all"


def _human_first(state: ConversationState, standings: Sequence[Standing]) -> _Claim | None:
    """An open message from the stalls is answered by the next turn, the oldest first."""
    if not state.unanswered:
        return None
    message = state.unanswered[0]
    # Nobody can answer what was whispered to somebody else.
    able = [each for each in standings if each.seat.active and message.heard_by(each.id)]
    if not able:
        return None
    named = {each.id: each for each in able if each.seat.benched <= state.turn}
    for participant_id in message.addressed:
        if participant_id in named:
            return _Claim(
                standing=named[participant_id],
                cause="addressed",
                replies_to=message.message_id,
                human=True,
            )
    # With nobody else on stage even the last speaker answers.
    chosen = max(able, key=lambda each: each.chance)
    return _Claim(standing=chosen, cause="self_selected", replies_to=message.message_id, human=True)


def _given_back(state: ConversationState, standings: Sequence[Standing]) -> _Claim | None:
    """Who was interrupted goes on."""
    back = state.given_back
    able = {each.id: each for each in standings if each.seat.active}
    if back is None or back.participant_id not in able:
        return None
    each = able[back.participant_id]
    alone = back.with_ is None or back.with_ not in able
    return _Claim(
        standing=each, cause="self_selected" if back.with_ and alone else back.cause,
        replies_to=_reply(state, each), with_=None if alone else back.with_,
        # With nobody left to whisper to, the line is for everybody.
        audience=back.audience if _hear(able, back.audience) else "all",
    )  # fmt: skip


def _hear(able: Collection[str], audience: Visibility) -> bool:
    return audience != "all" and all(each in able for each in audience)


def _invited(state: ConversationState, standings: Sequence[Standing]) -> _Claim | None:
    able = {each.id: each for each in standings if each.seat.active}
    for participant_id in state.invited:
        if participant_id in able:
            each = able[participant_id]
            return _Claim(standing=each, cause="invited", replies_to=_reply(state, each))
    return None


def _overdue(standings: Sequence[Standing]) -> _Claim | None:
    """Fairness: waiting orders candidates by deadline, so that nobody waits for ever."""
    late = [each for each in standings if each.candidate and each.view.wait >= each.limit]
    if not late:
        return None
    return _Claim(standing=max(late, key=lambda each: each.view.wait - each.limit), cause="overdue")


def _continuing(
    state: ConversationState, standings: Sequence[Standing], chance: float
) -> _Claim | None:
    """Now and then somebody adds an afterthought to a line that asks nobody anything."""
    last = state.lines[-1] if state.lines else None
    if last is None or last.addressed or last.asks or last.cause in {"continued", "duet"}:
        return None
    if last.visibility != "all":
        # What was whispered does not go on aloud.
        return None
    if not any(each.candidate for each in standings):
        return None
    for each in standings:
        if each.id == last.participant_id and each.seat.active:
            talk = each.view.talk
            return _Claim(standing=each, cause="continued") if chance < CONTINUES * talk else None
    return None


def _silence(state: ConversationState, candidates: Sequence[Standing], rng: Rng) -> float:
    """Seconds for which nobody speaks after the last line; 0 where somebody wants to.

    After each beat the ladder against lulls lowers what it takes to speak, so that silence ends.
    Before everybody has spoken nobody has a reason to hold back, however small the bids of
    newcomers are.
    """
    length = pacing.beat(state, rng)
    if not candidates:
        return length
    wanted = max(each.value for each in candidates) >= ladders.threshold(state, THRESHOLD)
    awaited = any(each.view.addressed or each.view.owed for each in candidates)
    if wanted or awaited or state.phases.phase == "opening" or state.landed_at is None:
        return 0.0
    return length


def _drawn(
    state: ConversationState, standings: Sequence[Standing], drawn: float, rng: Rng
) -> _Claim:
    """Who is drawn, and whether an ally joins in, or only one other is to hear it."""
    claim = _draw([each for each in standings if each.candidate], drawn)
    if claim.cause != "self_selected":
        return claim
    other = duets.partner(state, standings, claim.standing, rng)
    if other is not None:
        return replace(claim, cause="duet", with_=other)
    hearer = whispers.hearer(state, standings, claim.standing, rng)
    return replace(claim, audience=(claim.standing.id, hearer)) if hearer else claim


def _draw(candidates: Sequence[Standing], drawn: float) -> _Claim:
    reached = list(accumulate(each.chance for each in candidates))
    # The chances may add up to a hair less than 1.
    chosen = candidates[min(bisect_right(reached, drawn), len(candidates) - 1)]
    cause: Cause = "self_selected"
    if chosen.view.addressed:
        cause = "addressed"
    elif chosen.view.owed:
        cause = "owed"
    return _Claim(standing=chosen, cause=cause)


# --- the turn that follows -----------------------------------------------------------------------


def _speak(
    state: ConversationState,
    standings: Sequence[Standing],
    claim: _Claim,
    rng: Rng,
    counsel: Counsel,
) -> Speak:
    chosen, closing = claim.standing, state.ladders.finale is not None
    words = budget.words(state, pacing.length(state, chosen.seat.participant, rng))
    if claim.cause == "continued":
        words = min(words, pacing.AFTERTHOUGHT_WORDS)
    elif claim.cause == "duet":
        words = duets.words(words)
    elif closing:
        words = max(words, CLOSING_WORDS)
    forced = claim.cause if claim.cause in {"overdue", "invited"} else None
    if claim.cause == "self_selected" and chosen.advised and not claim.human:
        forced = "director"
    return Speak(
        participant_id=chosen.id,
        cause=claim.cause,
        bids=tuple(each.bid(forced if each is chosen else None) for each in standings),
        words=words,
        note=_note(state, chosen.id),
        replies_to=claim.replies_to or _reply(state, chosen),
        human=claim.human,
        silence_s=0.0 if claim.human else _silent_s(state),
        closing=claim.human or closing,
        rungs=ladders.rungs(state),
        directed_by=chosen.directed_by,
        recalled=memory.recall(state, chosen.id, closing=closing, embedder=counsel.embedder),
        with_=claim.with_,
        audience=claim.audience,
    )


def _silent_s(state: ConversationState) -> float:
    """For how long nobody has wanted to speak, if the director had to step in."""
    stepped = state.ladders.lull.at - (state.landed_at or 0)
    return stepped / 1000 if stepped >= 1000 else 0.0


def _reply(state: ConversationState, standing: Standing) -> str | None:
    """The message that named the speaker and still waits for an answer."""
    line = floor.owing(state, standing.id)
    return line.message_id if line else None


def _note(state: ConversationState, participant_id: str) -> str | None:
    """What the director has whispered to a participant since its last turn."""
    back = state.given_back
    again = back.note if back and back.participant_id == participant_id else None
    notes = [note.note for note in state.notes if note.participant_id == participant_id]
    said = [*([again] if again else []), *notes[-NOTES_AT_ONCE:]]
    return " ".join(said) or None
