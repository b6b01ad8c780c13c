"""When the house waits: what stops a talk by itself, and what lets it go on (`reliability.md` 2.4).

Nothing here is speech: why nobody talks is an event, and so is that they talk again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from chimera.core import budget, ladders
from chimera.core import events as ev
from chimera.core.conversation import PausedBecause
from chimera.core.errors import BudgetSpent, ProviderError
from chimera.core.generation import Route
from chimera.core.ids import rfc3339
from chimera.core.state import ConversationState
from chimera.providers.roster import SCRIPTED

#: After so long without a model's line the house gives up; a person may still go on.
PATIENCE_MS = 24 * 3_600_000
#: Providers that are down are looked at again after a fifth of the time they have been so, and
#: after twice as long for each time the talk went on in vain.
SOONEST_MS, LATEST_MS = 30_000, 600_000
#: Talks that wait for midnight go on within so long after it, not all in one moment.
SPREAD_MS = 600_000
#: Doubled so often, the soonest is later than the latest.
_DOUBLED = 5
#: Two may talk with each other while all others are silent.
COMPANY = 2


class Gatekeeper(Protocol):
    """Knows which providers can be asked, without asking them for anything that costs."""

    async def awake(self, routes: Sequence[Route]) -> bool:
        """Whether a provider of these routes answers."""
        ...

    def open_until(self, route: Route) -> int | None:
        """Until when nobody asks this route, in milliseconds UTC; None if it may be asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """What a talk stops with, and when it is to be looked at again; None: not by itself."""

    bodies: tuple[ev.Body, ...]
    due: int | None = None


def halt(state: ConversationState, error: ProviderError | BudgetSpent, now: int) -> Halt | None:
    """What follows a failure after which trying again would be in vain; None for any other."""
    if isinstance(error, BudgetSpent):
        return _unpaid(state, error, now)
    match error.details.get("because"):
        case "credential" if not _company(state):
            return _pause("credential", None)
        case "providers_down" if not _company(state):
            wait = _wait(state, now)
            again = wait and max(error.details.get("retry_at") or 0, now + wait)
            return _pause("providers_down", again)
        case _:
            return None


def _unpaid(state: ConversationState, error: BudgetSpent, now: int) -> Halt:
    """A day's ceiling renews by itself; the conversation's own does what its owner chose.

    The closing words cost nothing any more: the troupe says them.
    """
    if error.details.get("scope") != "conversation":
        return _pause("budget", _spread(state, error.details.get("resets_at")))
    if budget.when_spent(state) == "pause":
        return _pause("budget", None)
    if ladders.can_close(state):
        return Halt(bodies=ladders.begin_finale(state, "budget"), due=now)
    return Halt(bodies=(ev.ConversationEnded(because="budget"),))


def _pause(because: PausedBecause, until: int | None) -> Halt:
    resume_at = None if until is None else rfc3339(until)
    return Halt(bodies=(ev.ConversationPaused(because=because, resume_at=resume_at),), due=until)


def _spread(state: ConversationState, renewed: int | None) -> int | None:
    """A moment soon after the ceiling is lifted, another one for each conversation."""
    return (
        None if renewed is None else renewed + Random(f"{state.id}:{renewed}").randrange(SPREAD_MS)
    )


def _company(state: ConversationState) -> bool:
    """Whether enough of the cast need no provider to go on without the others."""
    free = [seat for seat in state.seats if seat.active and seat.participant.provider == SCRIPTED]
    return len(free) >= COMPANY


def leads(state: ConversationState) -> tuple[Route, ...]:
    """The routes that would play those who may speak, each once."""
    cast = (seat.participant for seat in state.seats if seat.active)
    routes = (Route(provider=each.provider, model=each.model) for each in cast)
    return tuple(dict.fromkeys(each for each in routes if each.provider != SCRIPTED))


async def still_down(gateway: Gatekeeper, state: ConversationState) -> bool:
    """Whether the cause of a pause, the end of which has come, is still there."""
    if state.paused_because not in {"providers_down", "credential"}:
        return False
    routes = leads(state)
    return bool(routes) and not await gateway.awake(routes)


def next_look(gateway: Gatekeeper, state: ConversationState, now: int) -> int | None:
    """When to look again whether it is; None: only a person ends this pause."""
    wait = None if state.paused_because == "credential" else _wait(state, now)
    if wait is None:
        return None
    opened = [until for route in leads(state) if (until := gateway.open_until(route)) is not None]
    return max(now + wait, min(opened, default=0))


def _wait(state: ConversationState, now: int) -> int | None:
    """Milliseconds until another look; None after a day in vain."""
    outage = state.outage
    since = 0 if outage.since is None else now - outage.since
    if since >= PATIENCE_MS:
        return None
    in_vain = min(max(outage.pauses - (state.status == "paused"), 0), _DOUBLED)
    # Spread, so that a thousand conversations do not wake in one moment.
    spread = Random(f"{state.id}:{now}").uniform(0.8, 1.2)
    return round(spread * min(max(SOONEST_MS * 2**in_vain, since / 5), LATEST_MS))
