"""The text of a turn while it is being written, and that of the next turn, written ahead of it.

While a line is shown, the model of the next one is already asked (`engine.md` section 2). What
comes of that is in the hands of the run that asked and nowhere else: a run that dies loses one
text, never a message. A text ahead is used only if the director, asked again, says the same.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import structlog
from structlog.contextvars import bind_contextvars

from chimera.core import budget, director, guard, pacing
from chimera.core import events as ev
from chimera.core.director import Speak
from chimera.core.errors import BadStream, BudgetSpent, ProviderError
from chimera.core.generation import Performance
from chimera.core.state import ConversationState, apply
from chimera.engine import telling
from chimera.engine.asking import Asking
from chimera.engine.journal import Claim, Journal
from chimera.engine.showing import together
from chimera.providers.roster import SCRIPTED

#: After so many turns in a row a run lets the docket give the conversation to another process: at
#: the next pause that leaves time for a text, and in any case before it has carried twice as many.
IN_A_ROW, PAUSE_S = 8, 8.0
#: A run waits awake for a start that may be so far off, well within its deadline.
LONGEST_WAIT_S = 60.0
#: Of so many texts ahead at most this share may be in vain, or none is written for so many turns.
LOOKED_BACK, IN_VAIN = 20, 0.20
#: Conversations whose luck is remembered.
REMEMBERED = 2000
#: The longest text of each length class: a turn is timed like one of them.
LENGTHS = tuple("characters " * words for words in (3, 8, 15, 90))

_log = structlog.get_logger()


class Writing:
    """The text of one turn: asked for, coming, there; or the reason why there is none."""

    def __init__(self, asking: Asking, now: Callable[[], int], group: asyncio.TaskGroup) -> None:
        self.asking = asking
        self.speak = asking.speak
        self._now = now
        #: Set at every piece, and when all is said.
        self.changed = asyncio.Event()
        #: Whether the turn has started: what was shown cannot be taken back.
        self.on_stage = False
        #: What may be shown of a text that still comes.
        self.safe = ""
        self._forget()
        self.performance: Performance | None = None
        self.line: guard.Trimmed | None = None
        self.failure: ProviderError | BudgetSpent | None = None
        #: When the line was known.
        self.ready_ms = 0
        #: What nobody has foreseen.
        self.error: Exception | None = None
        self._over = asyncio.Event()
        self._task = group.create_task(self._write())

    @property
    def complete(self) -> bool:
        return self.line is not None or self.failure is not None

    async def over(self) -> None:
        """Return when nothing more comes, or raise what nobody has foreseen."""
        await self._over.wait()
        if self.error is not None:
            raise self.error

    async def close(self) -> None:
        """Nobody waits for it any longer; the provider sees its socket close."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def fits(self, state: ConversationState, speak: Speak) -> bool:
        """Whether this is the text of the turn that is to come now.

        What it was asked with stays: its length and what it is reminded of do not have to agree.
        """
        lost = self.failure or self.error
        same_turn = state.turn == self.asking.state.turn
        return same_turn and not lost and _asks(speak) == _asks(self.speak)

    async def _write(self) -> None:
        # It may be begun while another turn is played.
        bind_contextvars(turn_id=self.asking.turn.turn_id)
        try:
            done = await self.asking.line(
                self._hear, on_stage=lambda: self.on_stage, forget=self._forget
            )
        except (ProviderError, BudgetSpent) as error:
            self.failure = error
        except Exception as error:  # raised again where the turn is played, if it comes to that
            self.error = error
        else:
            self._take(done)
        self.ready_ms = self._now()
        self._over.set()
        self.changed.set()

    def _take(self, done: Performance) -> None:
        speaker, cast = self.asking.speaker, self.asking.state.participants
        self.performance = done
        self.line = telling.whole(done, speaker, cast, self.asking.part)
        if not self.line.text:
            self.failure = BadStream("the answer held no line for this speaker")

    def _hear(self, piece: str) -> None:
        self.safe += self._stream.feed(piece)
        self.changed.set()

    def _forget(self) -> None:
        """Begin to read what streams from nothing."""
        speak = self.asking.part
        self._stream = guard.Stream(
            self.asking.speaker, self.asking.state.participants, words=speak.words,
            closing=speak.closing,
        )  # fmt: skip
        self.safe = ""


def _asks(speak: Speak) -> Speak:
    """What of a decision another text would be written for."""
    return replace(speak, bids=(), words=0, recalled=(), rungs=None, silence_s=0.0)


def plans_of(state: ConversationState, speak: Speak) -> list[pacing.TurnPlan]:
    """The timings that the coming turn may have, while its length is not known."""
    rng = director.labelled(state)
    return [pacing.plan(state, speak, text, rng) for text in LENGTHS]


def after(state: ConversationState, events: Sequence[ev.NewEvent], now: int) -> ConversationState:
    """The state as it will be when a run has appended these."""
    for event in events:
        envelope = ev.Envelope(
            conversation_id=state.id, seq=state.seq + 1, at=now, actor=event.actor,
            body=event.body, visibility=event.visibility,
        )  # fmt: skip
        state = apply(state, envelope)
    return state


@dataclass(slots=True)
class _Luck:
    """Which of the last texts ahead were used, and for how many turns none is written."""

    used: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=LOOKED_BACK))
    rest: int = 0


class Hand:
    """What one run holds of texts written ahead: that of the turn it plays, and of the next."""

    def __init__(self, house: "Ahead", luck: _Luck, group: asyncio.TaskGroup, turns: int) -> None:
        self._house = house
        self._group = group
        self._luck = luck
        self._most = turns
        #: The turns of this run, the present one included.
        self._carried = 1
        self.present: Writing | None = None
        self.coming: Writing | None = None
        #: The seq at which the line before `present` landed: who steers after it steers that.
        self.landed = 0
        #: What the turn under way waits for.
        self.changed: asyncio.Event | None = None

    @property
    def closing(self) -> bool:
        """Whether the house closes."""
        return self._house.closing

    def may(self, state: ConversationState, speak: Speak) -> bool:
        """Whether the next text is to be written while the present line is shown."""
        if self.closing or self.coming is not None or self._carried >= 2 * self._most - 1:
            return False
        if state.pace.mode == "instant" or budget.thrifty(state):
            return False
        if state.seat(speak.participant_id).participant.provider == SCRIPTED:
            # Its lines are there at once.
            return False
        if self._luck.rest:
            return False
        waits = [plan.wait_s for plan in plans_of(state, speak)]
        if self._carried >= self._most and min(waits) > PAUSE_S:
            return False
        return max(waits) <= LONGEST_WAIT_S

    def take(self, state: ConversationState, speak: Speak) -> Writing | None:
        """The text of the turn about to be played, if it was written ahead and still fits."""
        if self.present is None or not self.present.fits(state, speak):
            return None
        self._note(used=True)
        writing, self.present = self.present, None
        return writing

    async def weigh(self, journal: Journal, claim: Claim) -> None:
        """Throw away the present text if somebody has steered since the last landing."""
        if self.present is None or claim.seen == self.landed:
            return
        limit = claim.seen - self.landed
        news = await journal.read(claim.conversation_id, after=self.landed, limit=limit)
        if any(each.type in ev.STEERING for each in news):
            await self.drop()

    def begin(self, asking: Asking, now: Callable[[], int]) -> Writing:
        """Ask for a text, for as long as this run lasts."""
        return Writing(asking, now, self._group)

    def begin_ahead(self, asking: Asking, now: Callable[[], int]) -> None:
        """Ask for the text of the next turn."""
        if not self.closing:
            self.coming = self.begin(asking, now)

    async def pass_on(self) -> bool:
        """Make the next turn the present one; whether there is a text of it."""
        self._carried += 1
        coming, self.coming = self.coming, None
        await self.drop()
        self.present = coming
        return coming is not None

    async def drop(self) -> None:
        """Throw away what was written ahead."""
        thrown = [each for each in (self.present, self.coming) if each is not None]
        self.present = self.coming = None
        for each in thrown:
            if not self.closing:
                self._note(used=False)
            if each.error is not None:
                # The turn itself will meet it, and tell it.
                _log.warning("a text ahead came to nothing", error=repr(each.error))
            await each.close()

    async def let_go(self) -> None:
        """The house closes: who has not begun does not begin."""
        await self.drop()
        if self.changed is not None:
            self.changed.set()

    def _note(self, *, used: bool) -> None:
        luck = self._luck
        luck.used.append(used)
        if luck.used.count(False) > IN_VAIN * LOOKED_BACK:
            luck.used.clear()
            luck.rest = LOOKED_BACK


class Ahead:
    """All the hands of one process."""

    def __init__(self, in_a_row: int = IN_A_ROW) -> None:
        self.closing = False
        self._in_a_row = in_a_row
        self._hands: set[Hand] = set()
        #: By conversation, the one used last at the end.
        self._luck: OrderedDict[str, _Luck] = OrderedDict()

    @asynccontextmanager
    async def hand(self, conversation_id: str) -> AsyncGenerator[Hand]:
        """A hand for one run, emptied when the run is over."""
        luck = self._luck.pop(conversation_id, None) or _Luck()
        self._luck[conversation_id] = luck
        # While it rests each run carries one turn.
        luck.rest = max(0, luck.rest - 1)
        if len(self._luck) > REMEMBERED:
            self._luck.popitem(last=False)
        async with together() as group:
            hand = Hand(self, luck, group, self._in_a_row)
            self._hands.add(hand)
            try:
                yield hand
            finally:
                self._hands.discard(hand)
                await hand.drop()

    async def close(self) -> None:
        """Throw away all that is written ahead, and write nothing more: the house closes."""
        self.closing = True
        for hand in tuple(self._hands):
            await hand.let_go()
