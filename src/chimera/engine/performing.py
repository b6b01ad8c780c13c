"""One turn, from the choice of its speaker to the landing of its message."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from chimera.core import aftermath, director, guard, pacing
from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.errors import BudgetSpent, ProviderError, Superseded, Withdrawn
from chimera.core.generation import Performance, Route, Usage
from chimera.core.ids import Clock, IdSource, to_millis
from chimera.core.persona import Persona
from chimera.core.ports import Bills, Gallery, Hub, Observer, Sentiment, Unobserved
from chimera.core.state import ConversationState, apply
from chimera.engine import pausing, telling, titling
from chimera.engine.ahead import Hand, Writing, after
from chimera.engine.asking import Performer
from chimera.engine.crashing import Reached, unharmed
from chimera.engine.handover import Handover
from chimera.engine.journal import Claim, Journal
from chimera.engine.showing import BEAT_S, News, Punctuality, next_boundary, still_open, together
from chimera.engine.wings import Wings
from chimera.providers.roster import SCRIPTED
from chimera.realtime.drafts import DraftWriter

#: A run counts as stuck when it is awake so long after its line was due: 60 s for all attempts at
#: a text, 10 s to write it, 5 s to spare (`realtime.md` section 4).
RUN_MS = 75_000
#: An answer to the stalls that has been due for so long no longer waits for what they say next.
CROWD_MS = 5_000
#: Characters a second at which a line flows that somebody did not want to wait for.
HURRIED_CPS = 40.0
#: The longest delay after failures in a row.
BACKOFF_MS = 120_000
#: While the house closes, a turn that is farther off is left to another process.
CLOSING_MS = 1000
#: The next text is asked for as soon as this one is known, but no longer before it lands: the
#: sooner, the more likely somebody says something meanwhile that makes it old.
FORESIGHT_MS = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything a turn needs from outside."""

    journal: Journal
    gateway: Performer
    hub: Hub
    clock: Clock
    ids: IdSource
    gallery: Gallery
    #: Told which route will probably be asked next, so that it can be woken; must not wait.
    warm: Callable[[Route], None]
    sentiment: Sentiment
    bills: Bills
    #: Has a talk named, away from its turns.
    entitle: Callable[[str], Awaitable[None]]
    #: The card that somebody was cast with.
    persona: Callable[[Participant], Awaitable[Persona]]
    #: What helps the director.
    wings: Wings = field(default_factory=Wings)
    observer: Observer = field(default_factory=Unobserved)
    reached: Reached = unharmed

    def now(self) -> int:
        return to_millis(self.clock.now())


def backoff_ms(failures: int) -> int:
    """How long to wait before the next try after so many failures in a row."""
    return min(2_000 * 2**failures, BACKOFF_MS)


def judge(news: Sequence[ev.Envelope], steering: frozenset[str] = ev.STEERING) -> None:
    """Whether a turn about to start still fits after these events. Raises Withdrawn."""
    if any(envelope.type in steering for envelope in news):
        raise Withdrawn("somebody steered meanwhile")


def steering_for(state: ConversationState, speak: Speak, now: int) -> frozenset[str]:
    """The events that withdraw this turn; a crowd that never pauses must not silence the cast."""
    if speak.human and now - state.unanswered[0].at > CROWD_MS:
        return ev.STEERING - {ev.MessagePosted.type}
    return ev.STEERING


class Performing:
    """The shell around one Speak. `play` is called once."""

    def __init__(
        self,
        stage: Stage,
        claim: Claim,
        state: ConversationState,
        speak: Speak,
        writing: Writing,
        hand: Hand,
        *,
        next_wake: Callable[[ConversationState], int],
        look_ahead: Callable[[ConversationState], Awaitable[None]],
    ) -> None:
        self._stage = stage
        self._claim = claim
        self._state = state
        self._speak = speak
        self._writing = writing
        self._hand = hand
        self._next_wake = next_wake
        self._look_ahead = look_ahead
        self._turn = writing.asking.turn
        self._speaker = self._turn.speaker
        self._news = News(
            self._turn.turn_id, writing.changed, steering_for(state, speak, stage.now())
        )
        self._handover = Handover(stage.hub, state.id, speak.participant_id, speak.with_)
        hand.changed = writing.changed
        #: The seq that the text of the next turn builds on, once that is asked for.
        self._foreseen: int | None = None
        self._punctuality = Punctuality(stage.observer)

    async def play(self) -> int | None:
        """Perform the turn; when the conversation wants the next run, in milliseconds, if it does.

        Raises Withdrawn if the turn no longer fits, Superseded if another run is in charge.
        """
        async with together() as group:
            listener = group.create_task(self._listen())
            watch = group.create_task(self._writing.over())
            try:
                return await self._acts()
            finally:
                listener.cancel()
                watch.cancel()
                await self._writing.close()

    async def _acts(self) -> int | None:
        plan = await self._until_start()
        if plan is None:
            due = self._stage.now() + CLOSING_MS
            await self._stage.journal.sleep(self._claim, due)
            return due
        if self._failure:
            return await self._fail(self._failure, plan, started=False)
        await self._start(plan)
        writer = DraftWriter(
            self._stage.hub, self._state.id, message_id=self._turn.message_id,
            turn_id=self._turn.turn_id, participant_id=self._speaker.id,
            generation=self._claim.generation,
        )  # fmt: skip
        async with writer:
            await self._show(plan, writer)
            if self._failure:
                await writer.withdraw(self._failure.code)
        if self._failure:
            return await self._fail(self._failure, plan, started=True)
        return await self._finish(plan)

    # --- the text ------------------------------------------------------------------------------

    async def _listen(self) -> None:
        async for heard in self._stage.journal.follow(self._state.id, after=self._claim.seen):
            if isinstance(heard, ev.Envelope):
                self._news.hear(heard)

    @property
    def _failure(self) -> ProviderError | BudgetSpent | None:
        return self._writing.failure

    # --- the start -----------------------------------------------------------------------------

    async def _until_start(self) -> pacing.TurnPlan | None:
        """Wait for the start of the turn, by the true length once the text is there.

        None if it is for another process to come: this one closes.
        """
        while True:
            self._check_floor()
            if self._news.steered:
                raise Withdrawn("somebody steered before the turn began")
            text = self._writing.line.text if self._writing.line else None
            plan = pacing.plan(self._state, self._speak, text, director.labelled(self._state))
            if self._failure:
                return plan
            left = self._start_ms(plan) - self._stage.now()
            ready = self._writing.complete or self._state.pace.mode != "instant"
            if left <= 0 and ready:
                if text is not None:
                    self._stage.reached("text_ready")
                return plan
            if self._hand.closing and left > CLOSING_MS:
                return None
            await self._foresee(plan)
            left = min(left, self._foresight_ms(plan) or left)
            await self._news.wait(left / 1000 if left > 0 else RUN_MS / 1000)

    def _check_floor(self) -> None:
        if self._news.floor_gone:
            raise Superseded("the floor was taken away")

    @property
    def _hurried(self) -> bool:
        return self._state.skipped or self._news.skipped > 0

    def _start_ms(self, plan: pacing.TurnPlan) -> int:
        if self._hurried:
            return 0
        return telling.landing(self._state) + round(1000 * plan.start_s)

    def _started(self, plan: pacing.TurnPlan) -> ev.NewEvent:
        done, lead = self._writing.performance, self._writing.asking.lead
        return telling.started(
            self._turn, self._speak, plan, done.route if done else lead, self._state,
            generation=self._claim.generation,
            heard=self._state.seq if self._news.steering != ev.STEERING else None,
        )  # fmt: skip

    async def _start(self, plan: pacing.TurnPlan) -> None:
        due = self._start_ms(plan)
        deadline = self._stage.now() + round(1000 * plan.lead_s) + RUN_MS
        # Due at once: whoever finds this turn dead should not wait for it.
        if await self._append(
            [self._started(plan)], open_turn=True, deadline=deadline, due=self._stage.now()
        ):
            await self._hand.drop()
        self._writing.on_stage = True
        if not self._hurried and self._state.pace.mode != "instant":
            self._punctuality.begun(due, self._stage.now(), lead_s=plan.lead_s)

    async def _append(
        self,
        events: Sequence[ev.NewEvent],
        *,
        due: int | None,
        open_turn: bool = False,
        deadline: int | None = None,
    ) -> bool:
        """Append what this turn says; whether somebody steered meanwhile.

        A turn that has started is finished in any case; one that has not is withdrawn.
        """
        steered = False

        def weigh(news: Sequence[ev.Envelope]) -> None:
            nonlocal steered
            still_open(news, self._turn.turn_id)
            if open_turn:
                judge(news, self._news.steering)
            steered = any(each.type in ev.STEERING for each in news)

        self._claim = await self._stage.journal.append_turn(
            self._claim, events, open_turn=self._turn.turn_id if open_turn else None,
            deadline=deadline, due=due, judge=weigh,
        )  # fmt: skip
        fresh = await self._stage.journal.read(
            self._state.id, after=self._state.seq, limit=self._claim.seen - self._state.seq
        )
        for envelope in fresh:
            self._state = apply(self._state, envelope)
        return steered

    # --- the show ------------------------------------------------------------------------------

    async def _show(self, plan: pacing.TurnPlan, writer: DraftWriter) -> None:
        """Until the line is whole and due, or its provider has failed."""
        clock, start = self._stage.clock, self._claim.seen
        began, shown = clock.monotonic(), 0
        hurried = self._state.skipped
        flows = plan.flow_cps is not None
        rate = max(plan.flow_cps or 0.0, HURRIED_CPS if hurried else 0.0)
        while True:
            self._check_floor()
            elapsed = clock.monotonic() - began
            await self._foresee(plan)
            text = self._writing.line.text if self._writing.line else self._writing.safe
            due = self._due(plan, hurried=hurried, rate=rate, length=len(text))
            over = self._writing.complete and (elapsed >= due or self._news.skipped > start)
            if flows and not self._failure:
                allowed = len(text) if over else int(elapsed * rate) + 1
                shown = await self._reveal(writer, text, shown, allowed)
            share = shown / max(1, len(text)) if flows else elapsed / (plan.lead_s or 1.0)
            await self._handover.look(self._writing.performance, share)
            if self._failure or over:
                return
            await self._news.wait(
                self._next_look(due - elapsed, flows=flows or self._handover.awaited)
            )

    def _foresight_ms(self, plan: pacing.TurnPlan) -> int:
        """Milliseconds until it is time to have the next text written; 0 for now, or never."""
        if self._foreseen is not None or self._writing.line is None:
            return 0
        landing = telling.landing(self._state) + round(1000 * plan.wait_s)
        return max(0, landing - FORESIGHT_MS - self._stage.now())

    async def _foresee(self, plan: pacing.TurnPlan) -> None:
        """Once the line is known, so is who will probably speak next: have the next text written.

        Whatever is asked, nobody wants to hear it any more once somebody has steered.
        """
        done, line = self._writing.performance, self._writing.line
        if done is None or line is None or self._failure:
            return
        if self._foreseen is None and (self._writing.on_stage or not self._foresight_ms(plan)):
            self._foreseen = self._state.seq
            if any(each.provider != SCRIPTED for each in self._state.participants):
                state, begun = self._state, [self._started(plan)]
                started = state if state.open_turn else after(state, begun, self._stage.now())
                _, then = self._landing(started, plan, done, line)
                await self._look_ahead(then)
                if self._hand.coming is not None:
                    self._stage.reached("writing_ahead")
        if self._foreseen is not None and self._news.turned > self._foreseen:
            await self._hand.drop()

    async def _reveal(self, writer: DraftWriter, text: str, shown: int, allowed: int) -> int:
        upto = next_boundary(text, shown, allowed)
        if upto > shown:
            await writer.add(text[shown:upto])
        return upto

    def _due(self, plan: pacing.TurnPlan, *, hurried: bool, rate: float, length: int) -> float:
        """Seconds from the start of the turn to the landing of its message."""
        if not hurried:
            return plan.lead_s
        return length / rate if rate else 0.0

    def _next_look(self, left: float, *, flows: bool) -> float:
        if left <= 0:
            # Due, and the text still comes: it will say so itself.
            return BEAT_S if flows else RUN_MS / 1000
        return max(0.001, min(left, BEAT_S) if flows else left)

    # --- the end -------------------------------------------------------------------------------

    async def _finish(self, plan: pacing.TurnPlan) -> int:
        done, line = self._writing.performance, self._writing.line
        if done is None or line is None:
            raise AssertionError("a line lands only when it is complete")
        done = replace(done, usage=await self._bill() or done.usage)
        events, then = self._landing(self._state, plan, done, line)
        due, now = self._next_wake(then), self._stage.now()
        # With the next text in hand the run stays awake, and goes on as the run of that turn.
        deadline = now + RUN_MS if self._hand.coming else None
        if await self._append(events, due=due, deadline=deadline):
            await self._hand.drop()
            due = self._stage.now()
            await self._stage.journal.sleep(self._claim, due)
        self._hand.landed = self._claim.seen
        self._punctuality.landed(self._writing.ready_ms, self._stage.now())
        if titling.wanted(self._state):
            await self._stage.entitle(self._state.id)
        return due

    def _landing(
        self,
        state: ConversationState,
        plan: pacing.TurnPlan,
        done: Performance,
        line: guard.Trimmed,
    ) -> tuple[Sequence[ev.NewEvent], ConversationState]:
        """What the line writes and what follows from it, and the state after that."""
        now = self._stage.now()
        body = telling.completed(
            self._turn, self._speak, plan, done, line, state, self._stage.sentiment,
            ready_ms=self._writing.ready_ms,
        )  # fmt: skip
        said = self._turn.says(body)
        landed = after(state, [said], now)
        follows = aftermath.follow(
            landed, landed.lines[-1], director.labelled(state),
            embedder=self._stage.wings.embedder,
        )  # fmt: skip
        return [said, *follows], after(landed, follows, now)

    async def _fail(
        self, error: ProviderError | BudgetSpent, plan: pacing.TurnPlan, *, started: bool
    ) -> int | None:
        """Say why there is no line, and stop the talk if the next try would be in vain."""
        now = self._stage.now()
        halt = pausing.halt(self._state, error, now)
        told: list[ev.NewEvent] = []
        if started or not isinstance(error, BudgetSpent):
            failed = telling.failed(self._turn, error, await self._bill())
            told = [failed] if started else [self._started(plan), failed]
        if halt is None:
            due = now + backoff_ms(self._state.failures)
            await self._append(told, due=due)
            return due
        halting = [ev.NewEvent(body=body, actor=ev.SYSTEM) for body in halt.bodies]
        await self._append([*told, *halting], due=halt.due)
        return halt.due

    async def _bill(self) -> Usage | None:
        """What the calls of this turn took, refused and broken ones included."""
        return await self._stage.bills.of_turn(self._turn.turn_id, counted=self._state.cost)
