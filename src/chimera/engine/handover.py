"""How viewers see in a duet that the second begins: the indicator passes to the other."""

import orjson

from chimera.core.events import Signal
from chimera.core.generation import Performance
from chimera.core.ports import Hub


class Handover:
    """The moment of one turn, if it has one."""

    def __init__(self, hub: Hub, conversation_id: str, first: str, second: str | None) -> None:
        self._hub = hub
        self._conversation_id = conversation_id
        self._first = first
        self._second = second

    @property
    def awaited(self) -> bool:
        """Whether the moment may be still to come."""
        return self._second is not None

    async def look(self, done: Performance | None, shown: float) -> None:
        """Tell the viewers, once, when as much of the line is shown as the first had to say.

        `shown`: a share of the whole; the line may not be there yet.
        """
        if self._second is None or done is None:
            return
        if done.second is None:
            # The first part stands alone.
            self._second = None
            return
        if shown * (len(done.text) + 1 + len(done.second.text)) <= len(done.text):
            return
        signals = (
            Signal(self._conversation_id, "participant.typing", {"participant_id": who, "on": on})
            for who, on in ((self._first, False), (self._second, True))
        )
        self._second = None
        frames = [orjson.dumps(each.wire()) for each in signals]
        await self._hub.publish(self._conversation_id, frames)
