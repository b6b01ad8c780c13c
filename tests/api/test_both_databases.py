"""What the interface asks of a database, on each that we support."""

import asyncio

import httpx2
import pytest
from api_house import HOST, Made, make_house

from chimera.api import idempotency, tickets
from chimera.api.errors import StillRunning
from chimera.api.idempotency import Answer, Attempt
from chimera.store.database import Store
from fakes import CountingIds, FakeClock

CONVERSATIONS = "/api/v1/conversations"


@pytest.fixture
def made(store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(store, clock, ids, hosts=frozenset({HOST}))


async def test_one_evening_over_http(client: httpx2.AsyncClient, made: Made) -> None:
    ids: list[str] = []
    for topic in ("Tea or coffee?", "Do fish get bored?", "Is a hot dog a sandwich?"):
        made.clock.advance(1)
        ids.append((await client.post(CONVERSATIONS, json={"topic": topic})).json()["id"])
    address = f"{CONVERSATIONS}/{ids[1]}"
    posted = await client.post(f"{address}/messages", json={"text": "Whales do, surely."})
    assert posted.status_code == 201
    for verb in ("pause", "resume", "skip", "clear", "stop"):
        assert (await client.post(f"{address}/{verb}")).status_code == 200
    await client.post(f"{CONVERSATIONS}/{ids[0]}/messages", json={"text": "Cocoa."})

    async def listed(**query: str | int) -> list[str]:
        page = (await client.get(CONVERSATIONS, params=query)).json()
        return [each["id"] for each in page["items"]]

    assert await listed() == ids[::-1]
    assert await listed(status="ended") == [ids[1]]
    assert await listed(q="cocoa") == [ids[0]]
    assert await listed(q="sandw") == [ids[2]]
    first = (await client.get(CONVERSATIONS, params={"limit": 2, "sort": "active"})).json()
    second = await listed(limit=2, sort="active", cursor=first["next_cursor"])
    assert {*(each["id"] for each in first["items"]), *second} == set(ids)
    assert (await client.get(f"{address}/analytics")).json()["messages"] == 0
    assert (await client.get("/")).status_code == 503
    assert (await client.delete(address)).status_code == 204
    assert await listed(status="ended") == []


async def test_racing_calls_with_one_key_do_the_work_once(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replay" in answer.headers for answer in answers) == 7


async def test_a_ticket_is_torn_once(store: Store) -> None:
    ticket = await store.write(lambda connection: tickets.issue(connection, 1_000))

    async def tear(now: int) -> bool:
        return await store.write(lambda connection: tickets.tear(connection, ticket, now))

    assert await tear(60_999)
    assert not await tear(60_999)


async def test_a_call_whose_first_attempt_hangs_is_told_to_come_back(
    postgres_database: str, ids: CountingIds
) -> None:
    """Only where two transactions can run at once."""
    attempt = Attempt(scope="host POST /x", key="k", fingerprint="f", now=1)
    async with Store.open(postgres_database, ids=ids) as store:
        claimed = asyncio.Event()

        async def hang() -> None:
            await store.write(
                lambda connection: (
                    idempotency.claim(connection, attempt),
                    claimed.set(),
                    connection.exec_driver_sql("SELECT pg_sleep(3)"),
                    idempotency.settle(connection, attempt, Answer(status=200, body=b"{}")),
                )
            )

        async with asyncio.TaskGroup() as group:
            group.create_task(hang())
            await claimed.wait()
            with pytest.raises(StillRunning):
                await store.write(lambda connection: idempotency.claim(connection, attempt))
        known = await store.write(lambda connection: idempotency.claim(connection, attempt))
        assert known == Answer(status=200, body=b"{}", replayed=True)
