"""One run: fold, decide, perform, say when to come back.

The rules and their corner cases are in `realtime.md` section 4. A run keeps nothing that matters:
killed at any moment, the next one reads the log and goes on.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from structlog.contextvars import bound_contextvars

from chimera.core import budget, director, pacing
from chimera.core import events as ev
from chimera.core.director import Decision, Direct, End, Speak, Wait
from chimera.core.errors import ReadOnly, Stale, Superseded, Withdrawn
from chimera.core.generation import Route
from chimera.core.ids import from_millis
from chimera.core.state import ConversationState, fold
from chimera.engine import pausing, telling
from chimera.engine.ahead import IN_A_ROW, Ahead, Hand, after, plans_of
from chimera.engine.asking import Asking
from chimera.engine.journal import Claim
from chimera.engine.performing import RUN_MS, Performing, Stage, backoff_ms, judge
from chimera.engine.showing import still_open
from chimera.engine.telling import landing

log = structlog.get_logger()

#: A run that is earlier than this sleeps on; one that is nearer waits, awake.
EARLY_MS = 1000
#: How long before its start a model is asked for a line, and the troupe.
HEAD_START_MS = 2500
TROUPE_MS = 0
#: States of conversations kept between runs, of a few hundred kB each, and how long one is kept
#: that no run asked for: it sleeps or has ended. The log can make every one anew.
STATES_KEPT = 2000
STATES_KEPT_MS = 15 * 60_000
#: Turns a minute without pauses: a script may run away with somebody's money.
INSTANT_PER_MINUTE = 20
#: How often the director may step in between a line and the text written ahead of the next.
DIRECTED = 3
#: A run whose turn no longer fits begins again at most so often.
ATTEMPTS = 4


class Audience(Protocol):
    """Who watches."""

    async def absent_s(self, conversation_id: str) -> float:
        """For how many seconds nobody has."""
        ...

    async def asked(self, state: ConversationState, bodies: Sequence[ev.Body]) -> Sequence[ev.Body]:
        """What the director does, as a poll of theirs where it asks them."""
        ...


class Turns:
    """Runs turns. One of the three loops that must survive whatever happens in them."""

    def __init__(
        self,
        stage: Stage,
        audience: Audience,
        *,
        in_a_row: int = IN_A_ROW,
        head_start_ms: int = HEAD_START_MS,
    ) -> None:
        """With one `in_a_row` nothing is written ahead."""
        self._stage = stage
        self._audience = audience
        self._ahead = Ahead(in_a_row)
        self._head_start_ms = head_start_ms
        #: By conversation, the one used last at the end; with each, when that was.
        self._states: OrderedDict[str, tuple[int, ConversationState]] = OrderedDict()
        self._stumbles: dict[str, int] = {}

    async def run(self, conversation_id: str) -> datetime | None:
        """Carry a turn, and those whose texts are written while the one before is shown.

        Returns when to ring again, None for never. Raises nothing but CancelledError.
        """
        try:
            due = await self._in_a_row(conversation_id)
        except (Superseded, ReadOnly) as error:
            self._states.pop(conversation_id, None)
            # Nothing is said that cannot be kept; why not, the store has told.
            due = self._stage.now() + EARLY_MS if isinstance(error, ReadOnly) else None
        except Exception as error:  # the loop survives; the error is told below
            due = await self._stumbled(conversation_id, error)
        else:
            self._stumbles.pop(conversation_id, None)
        return None if due is None else from_millis(due)

    async def close(self) -> None:
        """Begin no more turns than have begun: the house closes."""
        await self._ahead.close()

    async def _in_a_row(self, conversation_id: str) -> int | None:
        async with self._ahead.hand(conversation_id) as hand:
            while True:
                due = await self._attempts(conversation_id, hand)
                if not await hand.pass_on():
                    return due

    async def _attempts(self, conversation_id: str, hand: Hand) -> int | None:
        for _ in range(ATTEMPTS):
            try:
                return await self._run(conversation_id, hand)
            except (Withdrawn, Stale):
                await hand.drop()
        return self._stage.now() + EARLY_MS

    async def _run(self, conversation_id: str, hand: Hand) -> int | None:
        claim = await self._stage.journal.claim(conversation_id)
        if claim is None:
            self._states.pop(conversation_id, None)
            return None
        state = await self._load(claim)
        await hand.weigh(self._stage.journal, claim)
        if claim.status == "paused":
            resumed = await self._look_again(claim, state)
            if not isinstance(resumed, Claim):
                return resumed
            claim, state = resumed, await self._load(resumed)
        if state.open_turn is not None:
            claim, state = await self._close_interrupted(claim, state)
        elif hand.present is None and self._is_early(claim.next_turn_at):
            return await self._sleep(claim, claim.next_turn_at)
        await self._stage.wings.read(state)
        return await self._decide(claim, state, hand)

    def _is_early(self, due: int | None) -> bool:
        return due is not None and due > self._stage.now() + EARLY_MS

    async def _load(self, claim: Claim) -> ConversationState:
        """The state at `claim.seen`, from the one kept if there is one."""
        key = claim.conversation_id
        _, kept = self._states.pop(key, (0, None))
        if kept is not None and kept.seq > claim.seen:
            kept = None
        state = kept or ConversationState(id=key)
        while state.seq < claim.seen:
            limit = min(500, claim.seen - state.seq)
            page = await self._stage.journal.read(key, after=state.seq, limit=limit)
            if not page:
                raise Superseded("The conversation was deleted.")
            state = fold(key, page, state)
        self._keep(state)
        return state

    def _keep(self, state: ConversationState) -> None:
        now = self._stage.now()
        self._states[state.id] = (now, state)
        while len(self._states) > STATES_KEPT or self._oldest_use() < now - STATES_KEPT_MS:
            self._states.popitem(last=False)

    def _oldest_use(self) -> int:
        return next(iter(self._states.values()))[0]

    async def _look_again(self, claim: Claim, state: ConversationState) -> Claim | int | None:
        """The end of the pause has come: go on, or, while its cause is there, when to look again.

        Raises Withdrawn if a person has resumed meanwhile.
        """
        gateway = self._stage.gateway
        try:
            if not await pausing.still_down(gateway, state):
                return await self._resume(claim)
            return await self._sleep(claim, pausing.next_look(gateway, state, self._stage.now()))
        except Superseded:
            # Nobody rings for a run that is awake: this one has to go on by itself.
            news = await self._stage.journal.read(state.id, after=claim.seen)
            if any(each.type == ev.ConversationResumed.type for each in news):
                raise Withdrawn("a person has resumed") from None
            raise

    async def _resume(self, claim: Claim) -> Claim:
        return await self._stage.journal.append_turn(
            claim, [ev.NewEvent(body=ev.ConversationResumed(), actor=ev.SYSTEM)], open_turn=None,
            deadline=self._stage.now() + RUN_MS, due=self._stage.now(), judge=_accept,
        )  # fmt: skip

    async def _close_interrupted(
        self, claim: Claim, state: ConversationState
    ) -> tuple[Claim, ConversationState]:
        """The run before us died in the middle of a turn: viewers drop the half line by this."""
        turn = state.open_turn
        if turn is None:
            return claim, state
        failed = ev.TurnFailed(
            turn_id=turn.turn_id, message_id=turn.message_id, participant_id=turn.participant_id,
            code="interrupted", detail="The line broke off and is spoken again.", retryable=True,
            usage=await self._bill(turn.turn_id),
        )  # fmt: skip
        claim = await self._stage.journal.append_turn(
            claim, [ev.NewEvent(body=failed, actor=ev.SYSTEM)], open_turn=None,
            deadline=self._stage.now() + RUN_MS, due=self._stage.now(),
            judge=partial(still_open, turn_id=turn.turn_id),
        )  # fmt: skip
        return claim, await self._load(claim)

    # --- deciding ------------------------------------------------------------------------------

    async def _decide(self, claim: Claim, state: ConversationState, hand: Hand) -> int | None:
        if await self._is_deserted(state):
            return await self._change(claim, ev.ConversationPaused(because="idle"))
        if budget.spent(state) and budget.when_spent(state) == "pause":
            return await self._change(claim, ev.ConversationPaused(because="budget"))
        said = self._stage.wings.host_line(state)
        if said is not None:
            claim = await self._direct(claim, [said])
            return await self._decide(claim, await self._load(claim), hand)
        match self._decision(state):
            case End(because=because, finale=finale):
                ended = ev.ConversationEnded(because=because, finale=finale)
                return await self._change(claim, ended)
            case Direct(bodies=bodies):
                claim = await self._direct(claim, await self._audience.asked(state, bodies))
                return await self._decide(claim, await self._load(claim), hand)
            case Wait(seconds=seconds):
                return await self._sleep(claim, self._stage.now() + round(1000 * seconds))
            case Speak() as speak:
                return await self._perform(claim, state, speak, hand)

    async def _perform(
        self, claim: Claim, state: ConversationState, speak: Speak, hand: Hand
    ) -> int | None:
        """Play the turn with the text at hand, or ask for one when it is time to."""
        writing = hand.take(state, speak)
        if writing is None:
            await hand.drop()
            wake = self._wake(state, speak)
            if self._is_early(wake):
                return await self._sleep(claim, wake)
            asking = await self._asking(state, speak, claim.owner)
            writing = hand.begin(asking, self._stage.now)
        asked = writing.speak
        speak = replace(speak, words=asked.words, recalled=asked.recalled)
        performing = Performing(
            self._stage, claim, state, speak, writing, hand, next_wake=self._next_wake,
            look_ahead=partial(self._look_ahead, hand=hand, owner=claim.owner),
        )  # fmt: skip
        with bound_contextvars(turn_id=writing.asking.turn.turn_id):
            return await performing.play()

    async def _asking(self, state: ConversationState, speak: Speak, owner: str | None) -> Asking:
        """The question for a text."""
        stage, speaker = self._stage, state.seat(speak.participant_id).participant
        turn = telling.Turn(
            turn_id=stage.ids.new("trn"), message_id=stage.ids.new("msg"), speaker=speaker,
            audience=speak.audience,
        )  # fmt: skip
        ally = state.seat(speak.with_).participant if speak.with_ else None
        return Asking(
            gateway=stage.gateway, gallery=stage.gallery, card=await stage.persona(speaker),
            second=await stage.persona(ally) if ally else None,
            turn=turn, state=state, speak=speak, owner=owner,
        )  # fmt: skip

    async def _look_ahead(self, state: ConversationState, *, hand: Hand, owner: str | None) -> None:
        """Have the next text written, or at least its model woken. `state`: after the landing."""
        await self._stage.wings.read(state)
        for _ in range(DIRECTED):
            if self._stage.wings.consider(state, owner):
                # What is said behind the scenes may change who speaks, and after what.
                return
            match self._decision(state):
                case Speak() as speak:
                    if hand.may(state, speak):
                        asking = await self._asking(state, speak, owner)
                        hand.begin_ahead(asking, self._stage.now)
                    else:
                        self._hint(state, speak)
                    return
                case Direct(bodies=bodies):
                    events = [ev.NewEvent(body=body, actor=ev.SYSTEM) for body in bodies]
                    state = after(state, events, self._stage.now())
                case Wait() | End():
                    return

    def _hint(self, state: ConversationState, speak: Speak) -> None:
        speaker = state.seat(speak.participant_id).participant
        self._stage.warm(Route(provider=speaker.provider, model=speaker.model))

    def _decision(self, state: ConversationState) -> Decision:
        counsel = self._stage.wings.counsel(state)
        return director.decide(state, self._stage.now(), director.labelled(state), counsel)

    async def _is_deserted(self, state: ConversationState) -> bool:
        limit = state.limits.idle_minutes
        if limit is None or state.unanswered:
            return False
        return await self._audience.absent_s(state.id) > 60 * limit

    async def _change(self, claim: Claim, body: ev.Body) -> None:
        """Append what ends or pauses the talk; no run follows."""
        await self._stage.journal.append_turn(
            claim, [ev.NewEvent(body=body, actor=ev.SYSTEM)], open_turn=None, deadline=None,
            due=None, judge=judge,
        )  # fmt: skip

    async def _direct(self, claim: Claim, bodies: Sequence[ev.Body]) -> Claim:
        """Append what the director does before anybody speaks."""
        now = self._stage.now()
        return await self._stage.journal.append_turn(
            claim, [ev.NewEvent(body=body, actor=ev.SYSTEM) for body in bodies], open_turn=None,
            deadline=now + RUN_MS, due=now, judge=judge,
        )  # fmt: skip

    async def _sleep(self, claim: Claim, due: int | None) -> int | None:
        """Go to sleep without an event. Raises Withdrawn if there is something new to read."""
        await self._stage.journal.sleep(claim, due)
        return due

    def _wake(self, state: ConversationState, speak: Speak) -> int:
        """When to ask for the line: as late as it can be without being late for its start.

        The gap depends on the length of the text, which is not known yet; the earliest start of
        any length is.
        """
        if state.skipped:
            return 0
        if state.pace.mode == "instant":
            return self._instant_wake(state)
        earliest = min(plan.start_s for plan in plans_of(state, speak))
        scripted = state.seat(speak.participant_id).participant.provider == "scripted"
        head_start = TROUPE_MS if scripted else self._head_start_ms
        return landing(state) + round(1000 * earliest) - head_start

    def _next_wake(self, state: ConversationState) -> int:
        """When the run after this turn should begin; never in the past."""
        now = self._stage.now()
        match self._decision(state):
            case Speak() as speak:
                self._hint(state, speak)
                return max(now, self._wake(state, speak))
            case Wait(seconds=seconds):
                return now + round(1000 * seconds)
            case Direct() | End():
                return now

    def _instant_wake(self, state: ConversationState) -> int:
        """Without pauses, but not without bounds."""
        soonest = landing(state) + round(1000 * pacing.INSTANT_S)
        spoken = [line.at for line in state.lines if line.participant_id]
        if len(spoken) < INSTANT_PER_MINUTE:
            return soonest
        return max(soonest, spoken[-INSTANT_PER_MINUTE] + 60_000)

    # --- what must not happen, and does --------------------------------------------------------

    async def _stumbled(self, conversation_id: str, error: Exception) -> int | None:
        """An unexpected error: told under an id, shown if a turn was open, tried again later."""
        error_id = self._stage.ids.new("err")
        log.error(
            "a run failed", conversation_id=conversation_id, error_id=error_id, exc_info=error
        )
        self._states.pop(conversation_id, None)
        stumbles = self._stumbles.get(conversation_id, 0)
        self._stumbles[conversation_id] = stumbles + 1
        due = self._stage.now() + backoff_ms(stumbles)
        try:
            return await self._record_stumble(conversation_id, error_id, due)
        except Superseded:
            return None
        except Exception:  # the store is away: the row still says what is due
            log.exception("the failure could not be written", error_id=error_id)
            return due

    async def _record_stumble(self, conversation_id: str, error_id: str, due: int) -> int | None:
        claim = await self._stage.journal.claim(conversation_id)
        if claim is None:
            return None
        turn = (await self._load(claim)).open_turn
        if turn is None:
            return await self._sleep(claim, due)
        failed = ev.TurnFailed(
            turn_id=turn.turn_id, message_id=turn.message_id, participant_id=turn.participant_id,
            code="internal", detail=f"Something went wrong behind the stage ({error_id}).",
            retryable=True, usage=await self._bill(turn.turn_id),
        )  # fmt: skip
        await self._stage.journal.append_turn(
            claim, [ev.NewEvent(body=failed, actor=ev.SYSTEM)], open_turn=None, deadline=None,
            due=due, judge=partial(still_open, turn_id=turn.turn_id),
        )  # fmt: skip
        return due

    async def _bill(self, turn_id: str) -> ev.UsageRef | None:
        """What a turn took that nobody will hear."""
        return telling.usage(await self._stage.bills.of_turn(turn_id))


def _accept(news: object) -> None:
    """A pause whose end has come is over whatever has happened since."""
