"""How a line is asked for: of its route, once more if it may not be said, then of the troupe.

Which route plays it in the end is the gateway's to find; what is asked, and whether the troupe may
stand in, is decided here.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from chimera.core import budget, deflecting, director, guard, prompt, signals, voices
from chimera.core.company import duets
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.errors import (
    BadStream,
    BudgetSpent,
    ContentRefused,
    ProviderError,
    ProviderSlow,
)
from chimera.core.generation import ImagePart, Kind, Performance, Route, Scene, TurnRequest, Usage
from chimera.core.persona import Persona
from chimera.core.ports import Gallery
from chimera.core.state import ConversationState
from chimera.engine import telling
from chimera.engine.pausing import Gatekeeper
from chimera.providers.roster import IMPROV, SCRIPTED

#: For all tries at one text; the gateway ends each call a little sooner.
TEXT_S = 61.0
#: Of that, for the second part of a duet; without it the first stands alone.
SECOND_S = 6.0
#: What is withdrawn even if it has been seen.
UNSPEAKABLE = {
    "leak": "the line gave away what the model was told",
    "insult": "the line insulted somebody in a quarrel that had to cool",
}
#: What a ledger names when it refuses because the operator stopped all paid calls.
STOPPED_SCOPE = "paid_calls"
#: Lines in a row that the troupe may say in a show that was meant for models.
TROUPE_LINES = 2


class Performer(Gatekeeper, Protocol):
    """The one way to a model."""

    async def perform(
        self, turn: TurnRequest, on_text: Callable[[str], None] | None = None
    ) -> Performance: ...


#: What the director whispers before a second try, by what was wrong with the first.
AGAIN = {
    "near_copy": "That has been said, almost word for word. Say something else.",
    "repeats": "Those were phrases you have used before. Find new ones.",
    "empty": "Say one whole sentence.",
    "insult": "Fight the point, never the person.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One turn's question to its model."""

    gateway: Performer
    gallery: Gallery
    card: Persona
    turn: telling.Turn
    state: ConversationState
    speak: Speak
    #: The card of whoever ends the line, in a duet.
    second: Persona | None = None
    #: Whose conversation it is; its keys are asked before the house's.
    owner: str | None = None

    @property
    def speaker(self) -> Participant:
        return self.turn.speaker

    @property
    def part(self) -> Speak:
        """What the speaker is asked for: all of the line, or of a duet the first part."""
        return duets.first(self.speak)

    @property
    def lead(self) -> Route:
        """The route that plays the speaker: its own, or the troupe once the money is spent."""
        own = Route(provider=self.speaker.provider, model=self.speaker.model)
        if own.provider == SCRIPTED or not budget.spent(self.state):
            return own
        return _troupe(own, "budget_spent")

    @property
    def troupe(self) -> bool:
        """Whether the troupe may stand in."""
        if self.lead.provider == SCRIPTED or self._for_nothing:
            return True
        return self.state.stood_in < TROUPE_LINES

    @property
    def _for_nothing(self) -> bool:
        """Whether the talk goes on unpaid: by its owner's choice, or for the sake of its end."""
        return budget.when_spent(self.state) == "improv" or self.state.ladders.finale is not None

    async def line(
        self,
        on_text: Callable[[str], None],
        *,
        on_stage: Callable[[], bool],
        forget: Callable[[], None],
    ) -> Performance:
        """The line, whatever it takes to get one. Raises ProviderError, or BudgetSpent.

        `on_stage` says whether the turn has started; `forget` is called when what streamed so far
        must not be shown.
        """
        # A second and a third try are made within the time of one.
        text_s = TEXT_S if self.second is None else TEXT_S - SECOND_S
        try:
            async with asyncio.timeout(text_s):
                done = await self._tries(on_text, on_stage, forget)
        except TimeoutError:
            raise ProviderSlow(f"no line within {text_s:g} s", stage="total") from None
        return done if self.second is None else await self._ended(done, self.second)

    async def _ended(self, done: Performance, card: Persona) -> Performance:
        """With the ally's part, unless that does not come in time or may not be said."""
        first = telling.trimmed(done, self.speaker, self.state.participants, self.part)
        if first.ending != "complete" or not first.text:
            return done
        try:
            async with asyncio.timeout(SECOND_S):
                second = await self._of_ally(done, first.text, card).once()
        except (ProviderError, BudgetSpent, TimeoutError):
            return done
        if second is None:
            return done
        usage = done.usage.plus(second.usage)
        return replace(done, text=first.text, second=second, usage=usage)

    def _of_ally(self, done: Performance, text: str, card: Persona) -> "Asking":
        """The same question to the second of a duet, who has heard the first part."""
        speak, who = duets.second(self.speak), self.speaker.id
        read = signals.read(text, self.state.participants, who, self.state.lines)
        state = duets.halfway(
            self.state, speaker_id=who, message_id=self.turn.message_id, text=text,
            signals=read.model_copy(update=done.signals or {}),
        )  # fmt: skip
        turn = replace(self.turn, speaker=state.seat(speak.participant_id).participant)
        return replace(self, card=card, second=None, turn=turn, state=state, speak=speak)

    async def once(self) -> Performance | None:
        """The line as its own route says it at the first try; None if it may not be said."""
        composed = prompt.compose(self.state, self.speak, self.card)
        asked = replace(self._request(composed), troupe=self.lead.provider == SCRIPTED)
        done = await self.gateway.perform(asked)
        line = telling.trimmed(done, self.speaker, self.state.participants, self.speak)
        if not line.text or self._refusal(done, composed) is not None:
            return None
        return replace(done, text=line.text)

    async def _tries(
        self,
        on_text: Callable[[str], None],
        on_stage: Callable[[], bool],
        forget: Callable[[], None],
    ) -> Performance:
        pictures = await self._pictures()
        composed = prompt.compose(self.state, self.part, self.card, pictures=pictures)
        request = self._request(composed)
        done = await self._first(request, on_text)
        why = self._refusal(done, composed)
        if why is None:
            if on_stage() or done.scripted or not self._lost:
                return done
            forget()
            return await self._truer(request, composed, done)
        if on_stage():
            # A copy may stand, a secret or an insult may not.
            if why in UNSPEAKABLE:
                raise BadStream(UNSPEAKABLE[why])
            return done
        forget()
        # Without a word about the first try a model is likely to say it again.
        warned = replace(self.part, note=" ".join(filter(None, [AGAIN.get(why), self.speak.note])))
        composed = prompt.compose(self.state, warned, self.card, pictures=pictures)
        return await self._again(self._request(composed), composed, why)

    @property
    def _lost(self) -> bool:
        """Whether the speaker is so far from its voice that two tries are worth their money."""
        played = self.lead.provider != SCRIPTED and not budget.thrifty(self.state)
        return played and voices.lost(self.state, self.speaker.id)

    async def _truer(
        self, request: TurnRequest, composed: prompt.Prompt, done: Performance
    ) -> Performance:
        """Of two tries the one that sounds more like the speaker."""
        try:
            other = await self.gateway.perform(request)
        except (ProviderError, BudgetSpent):
            return done
        if other.scripted or self._refusal(other, composed) is not None:
            return done
        near = voices.nearer(self.state, self.speaker.id, done.text, other.text)
        return done if near == done.text else other

    async def _first(self, request: TurnRequest, on_text: Callable[[str], None]) -> Performance:
        """The line, or what is said where its model refuses to or nobody pays for it."""
        try:
            return await self.gateway.perform(request, on_text)
        except ContentRefused:
            deflected = self._deflected() if self.troupe else None
            if deflected is None:
                raise
            return deflected
        except BudgetSpent as spent:
            if spent.details.get("scope") == STOPPED_SCOPE:
                # No ceiling is reached: the troupe plays until the switch is turned back.
                return await self._improvised(request, "paid_calls_stopped")
            if not self._for_nothing:
                raise
            return await self._by_troupe(request, "budget_spent")

    async def _again(self, request: TurnRequest, composed: prompt.Prompt, why: str) -> Performance:
        """Another line in the place of one that may not be said."""
        try:
            again = await self.gateway.perform(request)
        except (BudgetSpent, ContentRefused):
            return await self._by_troupe(request, why)
        still = self._refusal(again, composed)
        return again if still is None else await self._by_troupe(request, still)

    async def _by_troupe(self, request: TurnRequest, why: str) -> Performance:
        """The line as the troupe says it. Raises BadStream where it may not."""
        if not self.troupe:
            raise BadStream(f"there is no line that may be said ({why})")
        return await self._improvised(request, why)

    async def _improvised(self, request: TurnRequest, why: str) -> Performance:
        return await self.gateway.perform(replace(request, route=_troupe(self.lead, why)))

    def _deflected(self) -> Performance | None:
        """The model would not say it: the persona changes the subject in its own way, marked."""
        text = deflecting.line(self.state, self.card, director.labelled(self.state))
        if text is None:
            return None
        return Performance(
            text=text, reason="refused", route=_troupe(self.lead, ContentRefused.code),
            usage=Usage(), first_token_ms=0, duration_ms=0, scripted=True,
        )  # fmt: skip

    async def _pictures(self) -> Mapping[str, ImagePart]:
        """What the speaker has before its eyes; the troupe hears words alone."""
        seen = prompt.seen(self.state, self.speaker.id)
        if not seen or self.lead.provider == SCRIPTED:
            return {}
        return await self.gallery.load([each.id for each in seen])

    def _request(self, composed: prompt.Prompt) -> TurnRequest:
        state, speak = self.state, self.part
        scene = Scene(state=state, speak=speak, turn=state.turn)
        return TurnRequest(
            conversation_id=state.id,
            turn_id=self.turn.turn_id,
            participant_id=self.speaker.id,
            route=self.lead,
            request=composed.request(
                model=self.speaker.model, temperature=self.speaker.temperature, scene=scene
            ),
            kind=self._kind,
            owner=self.owner,
            ceiling=state.limits.budget.amount if state.limits.budget else None,
            troupe=self.troupe,
            thrifty=budget.thrifty(state),
        )

    @property
    def _kind(self) -> Kind:
        if self.state.ladders.finale is not None:
            return "finale"
        if self.speak.human:
            return "human_question"
        return "banter" if self.state.finished else "opening"

    def _refusal(self, done: Performance, composed: prompt.Prompt) -> str | None:
        """Why a model's line may not be said; the troupe looks after its own."""
        if done.scripted:
            return None
        line = guard.trim(
            done.text, self.speaker, self.state.participants, words=self.part.words,
            ending="complete", closing=self.speak.closing,
        )  # fmt: skip
        return guard.review(
            line.text, self.state, self.speaker, rules=composed.system, canary=composed.canary
        )


def _troupe(lead: Route, why: str) -> Route:
    """The troupe in a route's place, announced."""
    return Route(
        provider=SCRIPTED, model=IMPROV, understudy_for=f"{lead.provider}/{lead.model}", why=why
    )
