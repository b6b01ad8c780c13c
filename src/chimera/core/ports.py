"""What the shell implements for the rest of the house."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from chimera.core.sequence import Draft


@dataclass(slots=True)
class HubState:
    """What a late joiner needs to know of a conversation's live part."""

    seq: int = 0
    generation: int = 0
    draft: Draft | None = None


class Frame(NamedTuple):
    """One frame as it goes over the wire; `seq` is the place of an event, None for the rest."""

    data: bytes
    seq: int | None = None


class Channel(Protocol):
    """One watched conversation in this process, shared by all its viewers."""

    @property
    def head(self) -> int:
        """The position after the newest frame; means something in this process only."""
        ...

    @property
    def state(self) -> HubState: ...

    @property
    def viewers(self) -> int:
        """How many watch, over all processes."""
        ...

    def since(self, position: int) -> Sequence[Frame] | None:
        """The frames after `position`, encoded once for all; None if they fell off the ring."""
        ...

    async def changed(self, position: int) -> None:
        """Return when there is a frame after `position`."""
        ...


class Hub(Protocol):
    """Fan-out of frames. It may lose, repeat or reorder; the log is the truth."""

    @property
    def degraded_since(self) -> datetime | None:
        """Since when frames of other processes do not arrive; None while all is well."""
        ...

    async def publish(
        self,
        conversation_id: str,
        frames: Sequence[bytes],
        *,
        seq: int | None = None,
        generation: int | None = None,
        draft: Draft | None = None,
        keep_draft: bool = True,
    ) -> None:
        """Send frames to all watchers and remember what late joiners get.

        `seq` is that of the last frame where the frames are events, one after the other. Signals
        of a `generation` below the newest are dropped. With `keep_draft` false the retained draft
        becomes `draft`, also when that is None.
        """
        ...

    def watch(
        self, conversation_id: str, *, viewer: bool = False
    ) -> AbstractAsyncContextManager[Channel]:
        """A channel that is alive while the block lasts; a `viewer` counts in its presence."""
        ...


class Alarm(Protocol):
    """Rings for a conversation's next turn."""

    async def ring(self, key: str, at: datetime) -> None:
        """Ring at that time, instead of whatever was set before."""
        ...

    async def add(self, key: str, at: datetime) -> None:
        """Ring at that time unless the key is already scheduled or running."""
        ...

    async def cancel(self, key: str) -> None: ...
