"""What the director does when talk flags, goes in circles, or must come to its end.

The ladders of `engine.md` sections 4.2, 4.3 and 11.2. A step is a run of events that the director
appends before anybody speaks; the fold keeps how far each ladder is climbed, so that a restart
goes on where it stood.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from statistics import mean
from typing import TYPE_CHECKING

from chimera.core import events as ev
from chimera.core import quality, relations, topics, untrusted
from chimera.core.conversation import EndedBecause

if TYPE_CHECKING:
    from chimera.core.floor import Standing
    from chimera.core.pacing import Rng
    from chimera.core.parts import Line
    from chimera.core.state import ConversationState

#: A topic with less energy for so many turns is a lull; so are so many failed or empty turns in a
#: row, but a provider that is away ends no play.
TIRED, TIRED_TURNS = 0.25, 4
FAILURES, OUTAGE_RUNG = 2, 2
LULL_APART, LOOP_APART, CLEAN_TURNS = 3, 4, 8
#: With so much energy and so raised a hand the lull is over.
LIVELY, EAGER, TOP = 0.35, 0.30, 5
#: At this rung of the loop ladder everybody sees only so many turns.
SHORT_SIGHT_RUNG, SHORT_SIGHT = 2, 6
#: The rung of the lull ladder on which the audience is asked, and how long it may think.
ASKS_RUNG, ASKS_S = 4, 20.0
CLOSERS = 4
COSTS_KEPT = 10
#: A closing line may cost so much more than the last did.
RESERVE = 1.3

CIRCLING = "The talk goes in circles."
UNSAID = "Bring what has not been said."
DISSENT = "The duty to disagree is yours now: disagree with one concrete thing that was just said."
CLOSING = "Closing words: one or two sentences to the others; pick up one earlier moment."
LULLS = (
    "It grows quiet; the floor is open to whoever has held back.",
    "It is quiet: the one who has been silent longest is asked.",
    "The topic has run dry.", "The audience is asked.", "Nobody has more to say.",
)  # fmt: skip
ASKING = "We have gone quiet up here. What should they talk about next? Call it out."
LAST_ROUND = "Last round: a few closing words from each of you, please."
GOOD_NIGHT = "And with that the curtain falls. Thank you for watching."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How far one ladder is climbed, and when its last step was taken."""

    rung: int = 0
    #: Turns finished and started at that step, and the moment, milliseconds UTC.
    turn: int = 0
    started: int = 0
    at: int = 0
    #: Turns in a row since then that gave no reason for another.
    clean: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finale:
    """The written end of a conversation, once it has begun."""

    because: EndedBecause
    turn: int
    #: Lines of the host's since it began; with the second it is over.
    told: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladders:
    """Everything the director keeps in mind about the state of the talk."""

    lull: Ladder = Ladder()
    loop: Ladder = Ladder()
    #: Devices that were asked for; none comes twice before all have come.
    devices: tuple[str, ...] = ()
    #: Finished turns in a row with a tired topic, and turns in a row that gave nothing to say.
    tired: int = 0
    empty: int = 0
    #: What the last turns cost.
    costs: tuple[float, ...] = ()
    finale: Finale | None = None


# --- the fold ------------------------------------------------------------------------------------


def noted(state: "ConversationState", body: ev.DirectorNoted, at: int) -> Ladders:
    """A step was taken."""
    kept, rung = state.ladders, body.rung or 0
    step = Ladder(rung=rung, turn=state.finished, started=state.started, at=at)
    if body.device is not None:
        fresh = kept.devices if len(kept.devices) < len(load_devices()) else ()
        kept = replace(kept, devices=(*fresh, body.device))
    match body.because:
        case "lull" if body.rung:
            return replace(kept, lull=step, tired=0)
        case "loop" if body.rung:
            return replace(kept, loop=step)
        case "finale" if body.ends and kept.finale is None:
            return replace(kept, finale=Finale(because=body.ends, turn=state.finished))
        case _:
            return kept


def told(kept: Ladders) -> Ladders:
    """The host has said something."""
    if kept.finale is None:
        return kept
    return replace(kept, finale=replace(kept.finale, told=kept.finale.told + 1))


def started(state: "ConversationState", bids: Sequence[ev.BidRef]) -> Ladders:
    """A turn begins: if somebody really wants the floor, and gets words out, the lull is over."""
    kept = state.ladders
    eager = max((bid.value for bid in bids), default=0.0)
    if kept.lull.rung and not state.failures and state.energy >= LIVELY and eager >= EAGER:
        return replace(kept, lull=Ladder())
    return kept


def failed(kept: Ladders, code: str) -> Ladders:
    """A turn gave nothing to say."""
    return replace(kept, empty=kept.empty + 1 if code == "bad_stream" else 0)


def landed(state: "ConversationState", cost: float) -> Ladders:
    """A line of the cast has landed; `state` has it."""
    kept = state.ladders
    return replace(
        kept, loop=_cooled(state, kept.loop), empty=0, costs=(*kept.costs, cost)[-COSTS_KEPT:],
        tired=kept.tired + 1 if state.energy < TIRED else 0,
    )  # fmt: skip


def _cooled(state: "ConversationState", ladder: Ladder) -> Ladder:
    """Eight clean turns lead back to the ground."""
    if not ladder.rung:
        return ladder
    clean = 0 if _circling(state, ladder) else ladder.clean + 1
    return Ladder() if clean >= CLEAN_TURNS else replace(ladder, clean=clean)


# --- loops ---------------------------------------------------------------------------------------


def _circling(state: "ConversationState", ladder: Ladder) -> bool:
    """Whether the talk goes in circles: as a whole, or since the last step against it."""
    texts = quality.window(state.lines, after=ladder.turn if ladder.rung else 0)
    if not ladder.rung and len(texts) < quality.LOOP_WINDOW:
        return False
    return quality.loop(texts, agreement=quality.english(state.language)).found


def against_loop(state: "ConversationState", rng: "Rng") -> tuple[ev.Body, ...]:
    """The next step out of a loop; nothing while there is none, or while the last may yet help."""
    ladder = state.ladders.loop
    if ladder.rung and state.finished - ladder.turn < LOOP_APART:
        return ()
    if not _circling(state, ladder):
        return ()
    rung = _reachable(state, ladder.rung + 1)
    if rung <= 2:
        return _devices(state, rng, rung=rung)
    if rung == 3:
        return _dissent(state)
    step = ev.DirectorNoted(note=CIRCLING, because="loop", rung=rung)
    if rung == TOP:
        return (step, *begin_finale(state, "loop"))
    return (step, *(topics.shift(state, rng) or _devices(state, rng, rung=rung)))


def in_sight(state: "ConversationState", lines: "Sequence[Line]") -> "Sequence[Line]":
    """What of the history a speaker is shown: from the second rung on little, against loops."""
    if state.ladders.loop.rung < SHORT_SIGHT_RUNG:
        return lines
    return [line for line in lines if line.turn > state.finished - SHORT_SIGHT]


def banned(state: "ConversationState", who: str) -> tuple[str, ...]:
    """What nobody may say again while the talk goes in circles, as far as `who` has heard it."""
    if not state.ladders.loop.rung:
        return ()
    phrases = quality.worn(quality.window([x for x in state.lines if x.heard_by(who)]))
    listed = "; ".join(f"“{untrusted.one_line(each, 60)}”" for each in phrases)
    return (f"Do not use these words again: {listed}.",) if phrases else ()


def rungs(state: "ConversationState") -> ev.Rungs | None:
    """How far the ladders are climbed, for the log; None while all stand on the ground."""
    lull, loop = state.ladders.lull.rung, state.ladders.loop.rung
    pairs = state.feelings.ties.pairs.values()
    conflict = max((relations.rung_of(each, state.finished) for each in pairs), default=0)
    if not (lull or loop or conflict):
        return None
    return ev.Rungs(lull=lull or None, loop=loop or None, conflict=conflict or None)


def _reachable(state: "ConversationState", rung: int) -> int:
    """Before `min_turns` no ladder ends the play."""
    too_soon = state.finished < (state.limits.min_turns or 0)
    return min(rung, TOP - 1 if too_soon else TOP)


def _devices(state: "ConversationState", rng: "Rng", *, rung: int) -> tuple[ev.Body, ...]:
    """Something concrete to do for each; two who repeat each other need two ways out."""
    active = [seat.id for seat in state.seats if seat.active]
    drawn = draw_devices(state, rng, len(active))
    return tuple(
        ev.DirectorNoted(
            note=f"{CIRCLING} {device.text}", participant_id=who, because="loop", rung=rung,
            device=device.id,
        )
        for who, device in zip(active, drawn, strict=True)
    )  # fmt: skip


def _dissent(state: "ConversationState") -> tuple[ev.Body, ...]:
    """Another speaker, who has to disagree; the duty goes round with the floor."""
    who = _longest_silent(state)[0]
    note = ev.DirectorNoted(note=DISSENT, participant_id=who, because="loop", rung=3)
    return (note, ev.ParticipantInvited(participant_id=who))


def _longest_silent(state: "ConversationState") -> list[str]:
    """Who may speak, the one first who has waited longest."""
    active = [seat for seat in state.seats if seat.active]
    active.sort(key=lambda seat: max(seat.spoke or 0, seat.since))
    return [seat.id for seat in active]


# --- devices -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Device:
    """One concrete thing to do in a line."""

    id: str
    text: str


@cache
def load_devices() -> tuple[Device, ...]:
    """All devices the house ships."""
    source = resources.files("chimera") / "data" / "devices.toml"
    data = tomllib.loads(source.read_text("utf-8"))
    return tuple(Device(each["id"], each["text"]) for each in data["device"])


def draw_devices(state: "ConversationState", rng: "Rng", count: int) -> list[Device]:
    """So many different devices, those first that have not been asked for yet."""
    used, random = set(state.ladders.devices), rng("note")
    fresh = [each for each in load_devices() if each.id not in used]
    drawn = random.sample(fresh, min(count, len(fresh)))
    rest = [each for each in load_devices() if each.id in used]
    return [*drawn, *random.sample(rest, count - len(drawn))]


# --- lulls ---------------------------------------------------------------------------------------


def threshold(state: "ConversationState", usual: float) -> float:
    """The largest bid below which nobody speaks; each rung of the lull ladder lowers it."""
    return max(0.0, usual - 0.10 * state.ladders.lull.rung)


def against_lull(
    state: "ConversationState", standings: "Sequence[Standing]", rng: "Rng", *, silent: bool
) -> tuple[ev.Body, ...]:
    """The next step out of a lull. `silent`: a beat has just gone by in which nobody spoke."""
    kept = state.ladders
    apart = not kept.lull.rung or state.started - kept.lull.started >= LULL_APART
    empty = kept.empty >= FAILURES
    tired = kept.tired >= TIRED_TURNS or empty
    outage = state.failures >= FAILURES and kept.lull.rung < OUTAGE_RUNG
    if not silent and not (apart and (tired or outage)):
        return ()
    rung = _reachable(state, kept.lull.rung + 1)
    step = ev.DirectorNoted(note=LULLS[rung - 1], because="lull", rung=rung)
    match rung:
        case 1:
            return (step,)
        case 2:
            return (step, *_quietest(standings))
        case 3:
            return (step, *(topics.shift(state, rng) or _twist(state, rng)))
        case 4:
            return (step, host(state, ASKING))
        case _:
            return (step, *begin_finale(state, "lull"))


def _quietest(standings: "Sequence[Standing]") -> tuple[ev.Body, ...]:
    """The one whose wait comes nearest to its limit."""
    able = [each for each in standings if each.candidate]
    if not able:
        return ()
    who = max(able, key=lambda each: each.view.wait / each.limit).id
    note = ev.DirectorNoted(note=UNSAID, participant_id=who, because="lull")
    return (note, ev.ParticipantInvited(participant_id=who))


def _twist(state: "ConversationState", rng: "Rng") -> tuple[ev.Body, ...]:
    """No new topic so soon: something to do with the old one, said aloud by the host."""
    device = draw_devices(state, rng, 1)[0]
    used = ev.DirectorNoted(note=device.text, because="lull", device=device.id)
    return (used, host(state, f"A card from the deck, for whoever dares. {device.text}"))


def asking_s(state: "ConversationState", now_ms: int) -> float:
    """Seconds for which the audience may still think about what it was asked."""
    last = state.lines[-1] if state.lines else None
    if state.ladders.lull.rung != ASKS_RUNG or last is None or last.kind != "host":
        return 0.0
    if state.pace.mode == "instant":
        return 0.0
    return max(0.0, ASKS_S / state.pace.speed - (now_ms - last.at) / 1000)


# --- the finale ----------------------------------------------------------------------------------


def closers(state: "ConversationState") -> int:
    """How many say closing words: no more than there are turns left."""
    left = (state.limits.max_turns or state.finished + CLOSERS) - state.finished
    return min(CLOSERS, left, sum(seat.active for seat in state.seats))


def reserve(state: "ConversationState") -> float:
    """What the closing words may cost, in US dollars."""
    costs = state.ladders.costs
    return RESERVE * (closers(state) + 1) * mean(costs) if costs else 0.0


def can_close(state: "ConversationState") -> bool:
    """Whether a finale is still to come, and enough was said for one."""
    enough = state.finished >= sum(seat.active for seat in state.seats)
    return state.ladders.finale is None and enough and closers(state) > 1


def ending(state: "ConversationState", now_ms: int) -> EndedBecause | None:
    """The limit that comes so near that the closing words must begin now, if one does.

    A talk that was hardly longer than its finale would be ends without one.
    """
    if not can_close(state):
        return None
    limits, closing = state.limits, closers(state)
    if limits.max_turns is not None and state.finished + closing >= limits.max_turns:
        return "turns"
    if limits.max_minutes is not None and state.started_at is not None:
        spent_ms = now_ms - state.started_at - state.paused_ms
        left_ms = 60_000 * limits.max_minutes - spent_ms
        if left_ms <= (closing + 1) * spent_ms / state.finished:
            return "time"
    budget = limits.budget
    if budget is not None and budget.when_spent == "finale":
        return "budget" if state.cost + reserve(state) >= budget.amount else None
    return None


def begin_finale(state: "ConversationState", because: EndedBecause) -> tuple[ev.Body, ...]:
    """The last round is announced, and those who close it are asked, the longest silent first."""
    chosen = _longest_silent(state)[: closers(state)]
    asked = [
        body
        for who in chosen
        for body in (
            ev.DirectorNoted(note=CLOSING, participant_id=who, because="finale"),
            ev.ParticipantInvited(participant_id=who),
        )
    ]
    first = ev.DirectorNoted(note=LAST_ROUND, because="finale", ends=because)
    return (first, host(state, LAST_ROUND), *asked)


def end_finale(state: "ConversationState") -> tuple[ev.Body, ...]:
    """The host's last words; nothing once they are said, or where no finale is played."""
    finale = state.ladders.finale
    return (host(state, GOOD_NIGHT),) if finale and finale.told < 2 else ()


def host(state: "ConversationState", text: str) -> ev.MessagePosted:
    """A line of the host's. Its id follows from its place: deciding twice says it once."""
    digest = hashlib.sha256(f"{state.id}:{state.seq}:host".encode()).hexdigest()
    return ev.MessagePosted(
        message_id=f"msg_{digest[:26]}", author=ev.Author(kind="host", name="Host"), text=text
    )
