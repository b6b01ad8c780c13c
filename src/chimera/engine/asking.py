"""How a line is asked for: of its route, once more if it may not be said, then of the troupe."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from chimera.core import budget, guard, prompt
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.errors import BadStream, ProviderSlow
from chimera.core.generation import ImagePart, Performance, Route, Scene, TurnRequest
from chimera.core.persona import Persona
from chimera.core.ports import Gallery
from chimera.core.state import ConversationState
from chimera.engine import telling
from chimera.providers.roster import IMPROV, SCRIPTED

#: For all tries at one text; the gateway ends each call a little sooner.
TEXT_S = 61.0
#: What is withdrawn even if it has been seen.
UNSPEAKABLE = {
    "leak": "the line gave away what the model was told",
    "insult": "the line insulted somebody in a quarrel that had to cool",
}


class Performer(Protocol):
    """The one way to a model."""

    async def perform(
        self, turn: TurnRequest, on_text: Callable[[str], None] | None = None
    ) -> Performance: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One turn's question to its model."""

    gateway: Performer
    gallery: Gallery
    card: Persona
    turn: telling.Turn
    state: ConversationState
    speak: Speak

    @property
    def speaker(self) -> Participant:
        return self.turn.speaker

    @property
    def lead(self) -> Route:
        """The route that plays the speaker: its own, or the troupe once the money is spent."""
        own = Route(provider=self.speaker.provider, model=self.speaker.model)
        if own.provider == SCRIPTED or not budget.spent(self.state):
            return own
        return _troupe(own, "budget_spent")

    async def line(
        self,
        on_text: Callable[[str], None],
        *,
        on_stage: Callable[[], bool],
        forget: Callable[[], None],
    ) -> Performance:
        """The line, its tries billed together. Raises ProviderError.

        `on_stage` says whether the turn has started; `forget` is called when what streamed so far
        must not be shown.
        """
        # A second and a third try are made within the time of one.
        try:
            async with asyncio.timeout(TEXT_S):
                return await self._tries(on_text, on_stage, forget)
        except TimeoutError:
            raise ProviderSlow(f"no line within {TEXT_S:g} s", stage="total") from None

    async def _tries(
        self,
        on_text: Callable[[str], None],
        on_stage: Callable[[], bool],
        forget: Callable[[], None],
    ) -> Performance:
        pictures = await self._pictures()
        composed = prompt.compose(self.state, self.speak, self.card, pictures=pictures)
        request = self._request(composed)
        done = await self.gateway.perform(request, on_text)
        why = self._refusal(done, composed)
        if why is None:
            return done
        if on_stage():
            # A copy may stand, a secret or an insult may not.
            if why in UNSPEAKABLE:
                raise BadStream(UNSPEAKABLE[why])
            return done
        forget()
        again = await self.gateway.perform(request)
        why = self._refusal(again, composed)
        if why is None:
            return telling.billed(again, done)
        request = replace(request, route=_troupe(self.lead, why))
        return telling.billed(await self.gateway.perform(request), done, again)

    async def _pictures(self) -> Mapping[str, ImagePart]:
        """What the speaker has before its eyes; the troupe hears words alone."""
        seen = prompt.seen(self.state, self.speaker.id)
        if not seen or self.lead.provider == SCRIPTED:
            return {}
        return await self.gallery.load([each.id for each in seen])

    def _request(self, composed: prompt.Prompt) -> TurnRequest:
        state, speak = self.state, self.speak
        scene = Scene(state=state, speak=speak, turn=state.turn)
        return TurnRequest(
            conversation_id=state.id,
            turn_id=self.turn.turn_id,
            participant_id=self.speaker.id,
            route=self.lead,
            request=composed.request(
                model=self.speaker.model, temperature=self.speaker.temperature, scene=scene
            ),
            kind="human_question" if speak.human else "banter" if state.finished else "opening",
        )

    def _refusal(self, done: Performance, composed: prompt.Prompt) -> str | None:
        """Why a model's line may not be said; the troupe looks after its own."""
        if done.scripted:
            return None
        line = guard.trim(
            done.text, self.speaker, self.state.participants, words=self.speak.words,
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
