"""What a persona of one's own brings along from earlier shows, on each database we support."""

from typing import Any

import httpx2
import pytest
from api_house import HOST, Made, make_house
from sqlalchemy import update
from test_conversations import CONVERSATIONS
from test_minding import tell
from test_personas import PERSONAS, make

from chimera.core import content, memory
from chimera.core import events as ev
from chimera.core.director import Speak
from chimera.core.state import ConversationState, fold
from chimera.engine.recall import load_sentiment
from chimera.lab import habits
from chimera.store.database import Store
from chimera.store.tables import personas
from fakes import CountingIds, FakeClock

TIDE = "I promised the harbour that the tide bell rings at noon."


@pytest.fixture(scope="module", autouse=True)
def _rehearsed() -> None:
    """What a prompt needs of files is read before anybody is served."""
    content.load()
    load_sentiment()


@pytest.fixture
def made(store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(store, clock, ids, hosts=frozenset({HOST}))


async def begin(client: httpx2.AsyncClient, keeper: str, **body: Any) -> dict[str, Any]:
    wanted = {
        "topic": "Who owns the tide?", "start": False,
        "cast": [{"persona": keeper}, {"persona": "comedian"}],
    }  # fmt: skip
    answer = await client.post(CONVERSATIONS, json=wanted | body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def keeper_of(show: dict[str, Any]) -> str:
    return show["participants"][0]["id"]


def note(number: int, show: dict[str, Any], **changed: Any) -> ev.NoteTaken:
    body: dict[str, Any] = {
        "note_id": f"nte_{number}", "participant_id": keeper_of(show), "text": TIDE,
        "kind": "promise", "about": keeper_of(show), "importance": 0.5, "source": f"msg_{number}",
    }  # fmt: skip
    return ev.NoteTaken(**(body | changed))


async def play(
    client: httpx2.AsyncClient, made: Made, show: dict[str, Any], *bodies: ev.Body
) -> None:
    """A whole show in which these things were noted."""
    await tell(made, show["id"], *bodies)
    assert (await client.post(f"{CONVERSATIONS}/{show['id']}/stop")).status_code == 200


async def state_of(made: Made, show: dict[str, Any]) -> ConversationState:
    return fold(show["id"], await made.house.journal.read(show["id"]))


async def prompt_of(made: Made, show: dict[str, Any], who: str | None = None) -> str:
    """What somebody would be told if the floor were theirs now."""
    state, who = await state_of(made, show), who or keeper_of(show)
    speak = Speak(
        participant_id=who, cause="self_selected", bids=(), words=20,
        recalled=memory.recall(state, who),
    )  # fmt: skip
    return habits.seen(state, speak)


async def kept(client: httpx2.AsyncClient, persona: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{PERSONAS}/{persona}/memory")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_was_told_in_one_show_reaches_the_prompt_of_the_next_and_no_other(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    second = await begin(client, keeper["id"])
    told = await prompt_of(made, second)
    assert f"You remember saying in an earlier show: “{TIDE}”" in told
    assert TIDE not in await prompt_of(made, second, second["participants"][1]["id"])
    other = await make(client, name="Somebody Else", remembers=True)
    assert TIDE not in await prompt_of(made, await begin(client, other["id"]))


async def test_who_is_not_to_remember_keeps_nothing(client: httpx2.AsyncClient, made: Made) -> None:
    keeper = await make(client)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    assert await kept(client, keeper["id"]) == []


async def test_switched_off_nothing_is_brought_along(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    answer = await client.patch(f"{PERSONAS}/{keeper['id']}", json={"remembers": False})
    assert answer.json()["remembers"] is False
    second = await begin(client, keeper["id"])
    assert TIDE not in await prompt_of(made, second)
    assert (await state_of(made, second)).seat(keeper_of(second)).memory == ()


async def test_the_note_tells_from_which_show_it_comes(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    second = await begin(client, keeper["id"])
    (item,) = (await client.get(f"{CONVERSATIONS}/{second['id']}/notes")).json()["items"]
    assert (item["from_conversation"], item["source"]) == (first["id"], "msg_1")
    assert item["about"] == keeper_of(second)
    # Its own show knows it as one of its own, and it is kept once however often it is carried on.
    (own,) = (await client.get(f"{CONVERSATIONS}/{first['id']}/notes")).json()["items"]
    assert "from_conversation" not in own
    await play(client, made, second)
    assert len(await kept(client, keeper["id"])) == 1


async def test_what_viewers_said_stays_in_its_show(client: httpx2.AsyncClient, made: Made) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    posted = ev.MessagePosted(
        message_id="msg_v", author=ev.Author(kind="viewer", name="Zoe"),
        text="My mother sold the blue boat in spring.",
    )  # fmt: skip
    await play(
        client, made, first, posted,
        note(1, first, kind="human", about="Zoe", text="My mother sold the boat."),
        note(2, first, kind="opinion", text="I think Zoe has a point about the harbour."),
        note(3, first, kind="claim", text="Somebody sold the blue boat in spring, they say."),
        note(4, first),
    )  # fmt: skip
    assert [each["text"] for each in await kept(client, keeper["id"])] == [TIDE]


async def test_the_best_twenty_of_a_show_are_kept_and_ten_come_along(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    many = [
        note(number, first, text=f"Bell number {number} rings alone.", importance=number / 100)
        for number in range(30)
    ]
    await play(client, made, first, *many)
    stored = await kept(client, keeper["id"])
    assert {each["importance"] for each in stored} == {number / 100 for number in range(10, 30)}
    second = await begin(client, keeper["id"])
    assert len((await state_of(made, second)).seat(keeper_of(second)).memory) == memory.BROUGHT


async def test_what_is_kept_can_be_put_right_and_forgotten(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(
        client, made, first, note(1, first), note(2, first, text="The fog has a favourite ship.")
    )
    address = f"{PERSONAS}/{keeper['id']}/memory"
    one, other = await kept(client, keeper["id"])
    assert (one["from_conversation"], one["title"]) == (first["id"], first["title"])
    edited = await client.patch(f"{address}/{one['id']}", json={"text": "The bell is silent."})
    assert edited.json()["text"] == "The bell is silent."
    assert (await client.patch(f"{address}/{one['id']}", json={})).status_code == 422
    assert (await client.delete(f"{address}/{other['id']}")).status_code == 204
    assert (await client.delete(f"{address}/{other['id']}")).status_code == 404
    second = await begin(client, keeper["id"])
    assert "The bell is silent." in await prompt_of(made, second)
    assert (await client.delete(address)).status_code == 204
    assert await kept(client, keeper["id"]) == []


async def test_a_deleted_show_takes_what_was_kept_of_it_along(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    await client.delete(f"{CONVERSATIONS}/{first['id']}")
    assert await kept(client, keeper["id"]) == []


async def test_nobody_elses_show_gives_or_gets_anything(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    await give_away(made, keeper["id"], "usr_b")
    assert (await client.get(f"{PERSONAS}/{keeper['id']}/memory")).status_code == 403
    second = await begin(client, keeper["id"])
    assert TIDE not in await prompt_of(made, second)
    await play(client, made, second, note(2, second, text="A secret of this show alone."))
    await give_away(made, keeper["id"], None)
    assert [each["text"] for each in await kept(client, keeper["id"])] == [TIDE]


async def give_away(made: Made, persona_id: str, owner: str | None) -> None:
    given = update(personas).where(personas.c.id == persona_id).values(owner=owner)
    await made.house.store.write(lambda connection: connection.execute(given).rowcount)


async def test_the_houses_personas_keep_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{PERSONAS}/philosopher/memory")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_swept_stage_leaves_what_was_brought_along(
    client: httpx2.AsyncClient, made: Made
) -> None:
    keeper = await make(client, remembers=True)
    first = await begin(client, keeper["id"])
    await play(client, made, first, note(1, first))
    second = await begin(client, keeper["id"])
    await tell(made, second["id"], note(7, second, text="The lamp of tonight is green."))
    assert (await client.post(f"{CONVERSATIONS}/{second['id']}/clear")).status_code == 200
    seat = (await state_of(made, second)).seat(keeper_of(second))
    assert [each.text for each in seat.memory] == [TIDE]
