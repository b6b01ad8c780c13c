"""What a turn says in the log: the bodies of its events, made from what it knows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chimera.core import events as ev
from chimera.core import feelings, pacing, signals, stance
from chimera.core.company import duets
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.errors import ChimeraError
from chimera.core.generation import Ending, Performance, Route, Usage
from chimera.core.guard import Trimmed, trim
from chimera.core.ports import Sentiment
from chimera.core.state import ConversationState

ENDINGS: dict[str, Ending] = {
    "stop": "complete", "length": "length", "refused": "refused", "filtered": "refused",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The identity of one turn."""

    turn_id: str
    message_id: str
    speaker: Participant
    #: Who of the cast hears it.
    audience: ev.Visibility = "all"

    def says(self, body: ev.Body) -> ev.NewEvent:
        actor = ev.Actor(type="participant", id=self.speaker.id)
        return ev.NewEvent(body=body, actor=actor, visibility=self.audience)


def trimmed(
    done: Performance, speaker: Participant, cast: Sequence[Participant], speak: Speak
) -> Trimmed:
    """What of an answer is the speaker's line."""
    # The troupe keeps its own measure, in whole sentences.
    words = len(done.text.split()) if done.scripted else speak.words
    return trim(
        done.text, speaker, cast, words=words,
        ending="cut_off" if done.broken else ENDINGS[done.reason],
        closing=speak.closing or done.scripted,
    )  # fmt: skip


def whole(
    done: Performance, speaker: Participant, cast: Sequence[Participant], speak: Speak
) -> Trimmed:
    """All that is said in a turn: in a duet, the second part after the first."""
    if done.second is None:
        return trimmed(done, speaker, cast, speak)
    text, _ = duets.joined(done.text, done.second.text)
    return Trimmed(text=text, spoke_for=None, ending="complete")


def landing(state: ConversationState) -> int:
    """The moment from which the coming gap counts: the last landing, else when talk began.

    An answer to the stalls counts from the oldest open message: were it the newest, a crowd that
    goes on posting would put its own answer off for ever.
    """
    if state.unanswered:
        spoken = (line.at for line in reversed(state.lines) if line.participant_id)
        return max(state.unanswered[0].at, next(spoken, 0))
    return state.landed_at or state.started_at or state.last_at


def started(
    turn: Turn,
    speak: Speak,
    plan: pacing.TurnPlan,
    route: Route,
    state: ConversationState,
    *,
    generation: int,
    heard: int | None,
) -> ev.NewEvent:
    """The beginning: who, why, after which pause, who else wanted the floor, and all moods."""
    body = ev.TurnStarted(
        turn_id=turn.turn_id,
        message_id=turn.message_id,
        participant_id=turn.speaker.id,
        generation=generation,
        cause=speak.cause,
        pause_ms=plan.pause_ms,
        bids=speak.bids,
        route=_route(route),
        pace=plan.draw,
        typing=plan.typing,
        note=speak.note,
        heard=heard,
        rungs=speak.rungs,
        recalled=tuple(note.id for note in speak.recalled) or None,
        energy=round(state.energy, 3),
        moods=feelings.stirred(state.seats) or None,
        directed_by=speak.directed_by,
    )
    return turn.says(body.model_copy(update={"with_": _partner(state, speak)}))


def _partner(state: ConversationState, speak: Speak) -> ev.PartnerRef | None:
    if speak.with_ is None:
        return None
    other = state.seat(speak.with_).participant
    route = ev.RouteRef(provider=other.provider, model=other.model)
    return ev.PartnerRef(participant_id=other.id, route=route)


def failed(turn: Turn, error: ChimeraError, spent: Usage | None) -> ev.NewEvent:
    """A failure is an event with a reason, never speech; what was spent on it stays counted."""
    return turn.says(
        ev.TurnFailed(
            turn_id=turn.turn_id,
            message_id=turn.message_id,
            participant_id=turn.speaker.id,
            code=error.code,
            detail=error.message,
            retryable=error.retryable,
            usage=usage(spent),
        )
    )


def completed(
    turn: Turn,
    speak: Speak,
    plan: pacing.TurnPlan,
    done: Performance,
    line: Trimmed,
    state: ConversationState,
    sentiment: Sentiment,
    *,
    ready_ms: int,
) -> ev.MessageCompleted:
    """The line as it landed. `ready_ms`: when its text was there, milliseconds UTC."""
    due = landing(state) + plan.pause_ms
    own = line if done.second is None else replace(line, text=done.text)
    read = _signals(turn.speaker.id, done, own, state, sentiment)
    part = _second(turn, speak, done, read, state, sentiment)
    body = ev.MessageCompleted(
        turn_id=turn.turn_id,
        message_id=turn.message_id,
        participant_id=turn.speaker.id,
        text=line.text,
        ending=line.ending,
        route=_route(done.route),
        usage=_usage(done.usage),
        timings=ev.Timings(
            first_token_ms=done.first_token_ms,
            duration_ms=done.duration_ms,
            planned_ms=plan.pause_ms,
            ready_ms=max(0, ready_ms - landing(state)),
            late_ms=max(0, ready_ms - due) or None,
        ),
        scripted=done.scripted or bool(done.second and done.second.scripted),
        replies_to=speak.replies_to,
        signals=duets.allied(read, part.participant_id) if part else read,
    )
    return body.model_copy(update={"with_": part})


def _second(
    turn: Turn,
    speak: Speak,
    done: Performance,
    read: ev.MessageSignals,
    state: ConversationState,
    sentiment: Sentiment,
) -> ev.PartRef | None:
    """The part of the second, read as a line of its own after the first."""
    if done.second is None or speak.with_ is None:
        return None
    said, first = done.second, turn.speaker.id
    halfway = duets.halfway(
        state, speaker_id=first, message_id=turn.message_id, text=done.text, signals=read
    )
    line = Trimmed(text=said.text, spoke_for=None, ending="complete")
    found = _signals(speak.with_, said, line, halfway, sentiment)
    _, offset = duets.joined(done.text, said.text)
    return ev.PartRef(
        participant_id=speak.with_, route=_route(said.route), offset=offset,
        usage=_usage(said.usage), signals=duets.allied(found, first),
    )  # fmt: skip


def usage(spent: Usage | None) -> ev.UsageRef | None:
    """What a line that nobody will hear has cost; None if nothing."""
    return None if spent is None else _usage(spent)


def _usage(spent: Usage) -> ev.UsageRef:
    return ev.UsageRef(
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cached_tokens=spent.cached_tokens,
        cost=spent.cost,
        estimated=spent.estimated,
        unheard=spent.unheard or None,
    )


def _signals(
    speaker: str, done: Performance, line: Trimmed, state: ConversationState, sentiment: Sentiment
) -> ev.MessageSignals:
    cast = state.participants
    # Nobody answers what they did not hear, or takes a side in it.
    heard = state.heard(speaker)
    found = signals.read(line.text, cast, speaker, heard)
    found = stance.read(
        found, line.text, cast, speaker, heard, sentiment,
        topic=state.topic, spoken=state.language,
    )  # fmt: skip
    if line.spoke_for and line.spoke_for not in found.addressed:
        # Who was spoken for is treated as addressed (`engine.md` section 14.4).
        found = found.model_copy(update={"addressed": (*found.addressed, line.spoke_for)})
    return found.model_copy(update=done.signals) if done.signals else found


def _route(route: Route) -> ev.RouteRef:
    return ev.RouteRef(
        provider=route.provider,
        model=route.model,
        understudy_for=route.understudy_for,
        why=route.why,
    )
