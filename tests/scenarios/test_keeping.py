"""What the engine keeps of conversations between their turns, and when it lets go."""

import asyncio
import gc
from dataclasses import replace

import pytest
from playhouse import Playhouse, playhouse
from sqlalchemy import Connection, delete

from chimera.core import events as ev
from chimera.core.state import ConversationState
from chimera.engine.journal import Journal
from chimera.engine.turns import Turns
from chimera.store.tables import conversations, events

pytestmark = pytest.mark.looptime


class Vanishing(Journal):
    """A journal whose conversations are deleted between a run's claim and its first look."""

    looks = 0

    async def read(
        self, conversation_id: str, *, after: int = 0, limit: int = 500
    ) -> list[ev.Envelope]:
        self.looks += 1
        if self.looks > 10:
            raise AssertionError("it looks for ever for what is not there")
        await self._store.write(_delete_everything)
        return await super().read(conversation_id, after=after, limit=limit)


def _delete_everything(connection: Connection) -> None:
    connection.execute(delete(events))
    connection.execute(delete(conversations))


def kept(conversation_id: str) -> list[ConversationState]:
    gc.collect()
    found = [each for each in gc.get_objects() if isinstance(each, ConversationState)]
    return [each for each in found if each.id == conversation_id]


async def talk(house: Playhouse) -> str:
    conversation_id = await house.open(max_turns=3)
    await house.until(conversation_id, ev.ConversationEnded, within=3600)
    return conversation_id


async def test_of_a_conversation_that_ended_nothing_is_kept_for_long() -> None:
    async with playhouse() as house:
        ended = await talk(house)
        await asyncio.sleep(16 * 60)
        await talk(house)
        assert kept(ended) == []


async def test_a_run_whose_conversation_is_deleted_under_it_ends() -> None:
    async with playhouse() as house:
        conversation_id = await house.open()
        house.alarm.close()
        journal = Vanishing(house.store, house.hub, house.clock)
        turns = Turns(replace(house.stage, journal=journal), house.audience)
        assert await turns.run(conversation_id) is None
        assert journal.looks == 1
