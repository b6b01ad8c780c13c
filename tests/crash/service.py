"""A service that speaks as models do, over HTTP on loopback, and never says the same line twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

from provider_server import DONE, EVENT_STREAM, ProviderServer, Wire, answers, delta, finish, usage

from chimera.core.ids import IdSource
from chimera.store.check import check
from chimera.store.database import Store
from fakes import CountingIds

THINGS = (
    "tram", "garden", "bridge", "kettle", "letter", "lamp", "boat", "clock", "river", "stair",
    "market", "window", "pigeon", "statue", "bench", "tower", "puddle", "engine", "cellar", "gate",
    "ladder", "orchard", "harbour",
)  # fmt: skip
DEEDS = ("rings", "grows", "hums", "sings", "wanders", "drifts", "argues", "forgets", "climbs")
#: How long it takes for one word.
WORD_S = 0.02


def line(number: int) -> list[str]:
    """The words of a line that nobody takes for another."""
    some, verbs = len(THINGS), len(DEEDS)
    one, other, last = (THINGS[(number * step + step) % some] for step in (1, 5, 7))
    does, did = DEEDS[number % verbs], DEEDS[(number // verbs) % verbs]
    said = f"In house {number} the {one} {does} while a {other} {did} beside the {last}."
    return [f"{word} " for word in said.split()]


@asynccontextmanager
async def service() -> AsyncGenerator[dict[str, str]]:
    """The service; gives the settings by which a house finds it."""
    numbers = count(1)

    async def act(wire: Wire) -> None:
        if server.requests[-1].path.endswith("/models"):
            await answers(200, {"data": [{"id": "m1", "object": "model"}]})(wire)
            return
        await wire.head(content_type=EVENT_STREAM)
        for word in line(next(numbers)):
            await asyncio.sleep(WORD_S)
            await wire.raw(delta(word))
        await wire.raw(finish() + usage() + DONE)

    async with ProviderServer() as server:
        server.play(act)
        yield {
            "CHIMERA_PROVIDERS__COMPATIBLE__BASE_URL": server.base_url,
            "CHIMERA_PROVIDERS__COMPATIBLE__MODEL": "m1",
        }


async def check_books(database: str) -> None:
    """Logs, what is kept beside them, and bills agree."""
    ids: IdSource = CountingIds()
    async with Store.open(database, ids=ids) as store:
        faults = await store.read(check)
    assert not faults, "\n".join(map(str, faults))
