"""Lines that two share, and lines that not all hear, as lists and pages show them."""

from typing import Any

import httpx2
import pytest
from api_house import Made
from test_conversations import CONVERSATIONS

from chimera.core import events as ev
from chimera.store.database import Store
from conversations_made import completed, turn_started


async def perform(
    made: Made, conversation: str, turn: str, *, visibility: ev.Visibility = "all", **more: Any
) -> None:
    """What a run would do, for a line with more to it."""
    claim = await made.house.journal.claim(conversation)
    assert claim is not None
    log = await made.house.journal.read(conversation)
    assert isinstance(log[0].body, ev.ConversationCreated)
    speaker = log[0].body.participants[0].id
    events: list[ev.NewEvent] = []
    for each in (turn_started(turn, claim.generation), completed(turn, "Tea is patient. So am I.")):
        change = {"participant_id": speaker}
        if isinstance(each.body, ev.MessageCompleted):
            change |= more
        events.append(
            ev.NewEvent(
                body=each.body.model_copy(update=change), actor=each.actor, visibility=visibility
            )
        )
    await made.house.journal.append_turn(
        claim, events, open_turn=None, deadline=None, due=None, judge=lambda _: None
    )


@pytest.fixture
async def cast(client: httpx2.AsyncClient, conversation: str) -> list[dict[str, Any]]:
    return (await client.get(f"{CONVERSATIONS}/{conversation}")).json()["participants"]


async def first(client: httpx2.AsyncClient, conversation: str) -> dict[str, Any]:
    return (await client.get(f"{CONVERSATIONS}/{conversation}/messages")).json()["items"][0]


def duet(partner: str) -> ev.PartRef:
    route = ev.RouteRef(provider="scripted", model="troupe")
    return ev.PartRef(participant_id=partner, route=route, offset=16)


async def test_a_duet_names_who_ends_it_and_where(
    client: httpx2.AsyncClient, made: Made, conversation: str, cast: list[dict[str, Any]]
) -> None:
    await perform(made, conversation, "one", with_=duet(cast[1]["id"]))
    line = await first(client, conversation)
    assert line["with"] == {"participant_id": cast[1]["id"], "offset": 16}
    assert line["participant_id"] == cast[0]["id"]
    assert "visibility" not in line


async def test_a_whisper_names_who_hears_it(
    client: httpx2.AsyncClient, made: Made, conversation: str, cast: list[dict[str, Any]]
) -> None:
    hearers = (cast[0]["id"], cast[2]["id"])
    await perform(made, conversation, "one", visibility=hearers)
    line = await first(client, conversation)
    assert line["visibility"] == list(hearers)
    assert "with" not in line


async def test_a_viewers_whisper_names_its_hearer(
    client: httpx2.AsyncClient, conversation: str, cast: list[dict[str, Any]]
) -> None:
    told = {"text": "Between us.", "to": cast[1]["id"]}
    answer = await client.post(f"{CONVERSATIONS}/{conversation}/messages", json=told)
    assert answer.json()["message"]["visibility"] == [cast[1]["id"]]
    assert (await first(client, conversation))["visibility"] == [cast[1]["id"]]


async def test_the_page_of_plain_text_marks_them(
    client: httpx2.AsyncClient, made: Made, store: Store, cast: list[dict[str, Any]],
    conversation: str,
) -> None:  # fmt: skip
    await perform(made, conversation, "one", with_=duet(cast[1]["id"]))
    await perform(made, conversation, "two", visibility=(cast[0]["id"], cast[2]["id"]))
    page = (await client.get(f"/c/{conversation}?plain=1")).text
    assert f"<strong>{cast[0]['name']} and {cast[1]['name']}</strong>" in page
    assert f"whispers to {cast[2]['name']}<" in page
