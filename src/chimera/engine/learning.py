"""Learns from votes, now and then, what viewers like: a chore of the reconciler."""

import asyncio
from functools import partial

from chimera.core.ids import Clock, to_millis
from chimera.core.learning import prediction
from chimera.store import learning, log
from chimera.store.database import Store

#: Beginnings looked at in one pass; the next pass goes on with others.
LOOKED_AT = 20
#: Only the newest are learnt from: tastes and casts change, and time is short.
MOST_EXAMPLES = 2000


class Study:
    """What is learnt is kept in the store; what was learnt from last, only here."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        #: The conversation looked at last; empty: from the first on.
        self._after = ""
        self._learnt: list[learning.Example] | None = None

    async def go_on(self) -> None:
        """Look at some beginnings, and learn anew if votes or beginnings are new."""
        await self._look()
        examples = await self._store.read(partial(learning.examples, most=MOST_EXAMPLES))
        if examples == self._learnt:
            return
        # Two thousand examples take most of a second, which no turn may wait for.
        forecast = await asyncio.to_thread(prediction.learn, examples)
        value, at = forecast.model_dump(mode="json"), to_millis(self._clock.now())
        await self._store.write(partial(learning.keep_forecast, value=value, at=at))
        self._learnt = examples

    async def _look(self) -> None:
        """Keep what conversations were like at first on which somebody voted since."""
        page = await self._store.read(
            partial(learning.unobserved, after=self._after, most=LOOKED_AT)
        )
        self._after = page[-1] if len(page) == LOOKED_AT else ""
        for conversation_id in page:
            begun = await self._store.read(
                partial(
                    log.read, conversation_id=conversation_id, after=0, limit=learning.BEGINNING
                )
            )
            features = await asyncio.to_thread(prediction.observe, conversation_id, begun)
            if features is None and len(begun) < learning.BEGINNING:
                # It may still get its twelve turns.
                continue
            at = to_millis(self._clock.now())
            await self._store.write(
                partial(learning.observe, conversation_id=conversation_id, features=features, at=at)
            )
