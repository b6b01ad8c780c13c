"""Browsers that share an address are different people, and nobody makes up others."""

from pathlib import Path

import httpx2
import pytest
from api_house import HOST, ORIGIN, Made, make_house
from test_conversations import CONVERSATIONS, create, say
from test_reactions import reaction

from chimera.api.visitors import ADMITTED_PER_MINUTE
from chimera.core import events as ev
from chimera.store.database import Store
from fakes import CountingIds, FakeClock


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds, tmp_path: Path) -> Made:
    """A house with a page to come in by."""
    (tmp_path / "index.html").write_text("<title>Chimera</title>")
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}), web=tmp_path)


def browser(made: Made) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(made.app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN)


async def name(client: httpx2.AsyncClient, conversation: str) -> str:
    return (await client.get(f"{CONVERSATIONS}/{conversation}")).json()["viewer"]


async def test_a_page_gives_a_new_browser_a_cookie_that_scripts_cannot_read(made: Made) -> None:
    async with browser(made) as one:
        cookie = (await one.get("/")).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        assert "set-cookie" not in (await one.get("/")).headers


async def test_two_browsers_are_two_viewers(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    await say(made, conversation, "one", "Fish have all the time in the sea.")
    async with browser(made) as one, browser(made) as other:
        for each in (one, other, client):
            if each is not client:
                await each.get("/")
            answer = await each.put(reaction(conversation, "msg_one", "👏"))
            assert answer.json()["message"]["mine"] == ["👏"]
        assert answer.json()["message"]["reactions"] == {"👏": 3}
        names = [await name(each, conversation) for each in (one, other, client)]
        told = [
            each.actor.id for each in await made.house.journal.read(conversation)
            if isinstance(each.body, ev.ReactionAdded)
        ]  # fmt: skip
        assert told == names
        assert names[-1] == "host"
        assert len(set(names)) == 3
        page = await one.get(f"{CONVERSATIONS}/{conversation}/messages")
        assert page.json()["items"][0]["mine"] == ["👏"]
        await one.delete(reaction(conversation, "msg_one", "👏"))
        page = await other.get(f"{CONVERSATIONS}/{conversation}/messages")
        assert page.json()["items"][0]["reactions"] == {"👏": 2}


async def test_nobody_is_known_from_one_conversation_in_another(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    second = (await create(client))["id"]
    async with browser(made) as one:
        cookie = (await one.get("/")).headers["set-cookie"]
        here, there = await name(one, conversation), await name(one, second)
    assert here != there
    secret = cookie.partition("=")[2].partition(";")[0]
    assert not any(part in secret for part in (here[4:], there[4:]))


@pytest.mark.parametrize(
    "value", ["", "a.b", "." * 300, "0123456789abcdef0123456789abcdef." + "0" * 32, "ü.ü"]
)
async def test_a_cookie_of_ones_own_making_names_nobody(
    client: httpx2.AsyncClient, made: Made, conversation: str, value: str
) -> None:
    cookie = f"{made.house.visitors.cookie}={value}".encode()
    answer = await client.get(f"{CONVERSATIONS}/{conversation}", headers={b"cookie": cookie})
    assert answer.json()["viewer"] == "host"


async def test_only_so_many_new_browsers_come_at_once(made: Made) -> None:
    cookies: list[str | None] = []
    for _ in range(ADMITTED_PER_MINUTE + 1):
        async with browser(made) as one:
            cookies.append((await one.get("/")).headers.get("set-cookie"))
    assert all(cookies[:-1])
    assert cookies[-1] is None
