"""Whole plays of the lab's engine: understudies on the record, and one seed that gives one log."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers import postgres_server

from benchmarks.table import Row, show
from chimera.core import content, guard, prompt
from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.state import ConversationState, apply
from chimera.engine.recall import load_sentiment
from chimera.lab.clockwork import CountedIds, Frozen, VirtualLoop
from chimera.lab.habits import HABITS
from chimera.lab.playing import digest, perform, play
from chimera.lab.setup import DEFAULT_CAST, SeatPlan, Setup
from chimera.providers.roster import SCRIPTED
from chimera.store.database import Store, migrate

#: Casts in which somebody can never be heard, and what their lines are taken for.
FAILING = (("mute", "stub", "stub"), ("gullible", "stub", SCRIPTED), ("flaky", "mute", "stub"))


def setup_of(*providers: str, turns: int) -> Setup:
    cast = tuple(
        SeatPlan(persona=seat.persona, provider=provider)
        for seat, provider in zip(DEFAULT_CAST, providers, strict=True)
    )
    return Setup(topic="Why do we whistle in the dark?", cast=cast, turns=turns)


# --- understudies --------------------------------------------------------------------------------


def understudied(log: Sequence[ev.Envelope]) -> list[tuple[bool, bool]]:
    """Of each line that another than planned has read: whether the record says so, and whether
    the guard finds nothing in it."""
    state, found = ConversationState(id=log[0].conversation_id), list[tuple[bool, bool]]()
    for each in log:
        if isinstance(each.body, ev.MessageCompleted):
            line = each.body
            planned = state.seat(line.participant_id).participant
            if line.route.provider != planned.provider:
                told = bool(line.route.understudy_for and line.route.why)
                found.append((told, _good(state, planned, line.text)))
        state = apply(state, each)
    return found


def _good(state: ConversationState, speaker: Participant, text: str) -> bool:
    cast, mark = state.participants, prompt.canary(state, speaker)
    trimmed = guard.trim(text, speaker, cast, words=400, ending="complete", closing=True).text
    return trimmed == text and guard.review(text, state, speaker, canary=mark) is None


def understudy_figures(turns: int = 60) -> list[Row]:
    swapped = [each for cast in FAILING for each in understudied(play(setup_of(*cast, turns=turns),
               1))]  # fmt: skip
    told, good = (sum(each[place] for each in swapped) / len(swapped) for place in (0, 1))
    fake = "Mute, Gullible, Flaky"
    return [
        Row.at_least(f"{len(swapped)} failovers: on the line's record, with why", told, 1.0,
                     fake=fake),
        Row.at_least("failovers: lines that pass the guard again", good, 1.0, fake=fake),
    ]  # fmt: skip


# --- one seed, one log ---------------------------------------------------------------------------


async def _kept(url: str, setup: Setup) -> str:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise TypeError("plays need virtual time")
    stack = AsyncExitStack()
    with loop.frozen():
        store = await stack.enter_async_context(Store.open(url, ids=CountedIds()))
    # The play's own time must stand still while a real database is waited for.
    backend = Frozen(store._backend, loop)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    still = Store(backend, dialect=store.dialect, store_id="sto_bench")
    found = digest(await perform(setup, 5, store=still))
    with loop.frozen():
        await stack.aclose()
    return found


def kept(url: str, setup: Setup) -> str:
    """The digest of a play that a real database keeps."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_kept(url, setup))


def sameness_figures(turns: int = 20) -> list[Row]:
    """Every habit twice; and the troupe and a flaky cast in both databases."""
    content.load()
    load_sentiment()
    setups = [setup_of(name, name, SCRIPTED, turns=turns) for name in (*HABITS, SCRIPTED)]
    again = [digest(play(each, 3)) == digest(play(each, 3)) for each in setups]
    rows = [Row.at_least(f"one seed, one log: {len(again)} casts twice", sum(again) / len(again),
                         1.0, fake="troupe, all fakes")]  # fmt: skip
    mixed = setup_of("stub", "flaky", SCRIPTED, turns=turns)
    for name, url in _databases():
        same = kept(url, mixed) == digest(play(mixed, 5))
        rows.append(Row.at_least(f"one seed, one log: {name} keeps the same", float(same), 1.0,
                                 fake="Stub, Flaky, troupe"))  # fmt: skip
    return rows


def _databases() -> Iterator[tuple[str, str]]:
    """Both, new and migrated."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'chimera.db'}"
        asyncio.run(migrate(url))
        yield "SQLite", url
    with postgres_server() as url:
        asyncio.run(migrate(url))
        yield "PostgreSQL", url


def rows() -> list[Row]:
    return [*understudy_figures(), *sameness_figures()]


if __name__ == "__main__":
    show(rows())
