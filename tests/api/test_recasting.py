"""Another model for a seat while the show runs, over HTTP."""

from typing import Any

import httpx2
import pytest
from api_house import Made

from chimera.core.state import fold

CONVERSATIONS = "/api/v1/conversations"


async def _seat(client: httpx2.AsyncClient, conversation: str) -> dict[str, Any]:
    return (await client.get(f"{CONVERSATIONS}/{conversation}")).json()["participants"][0]


async def test_a_seat_is_recast_in_its_place_and_the_log_tells(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    before = await _seat(client, conversation)
    address = f"{CONVERSATIONS}/{conversation}/participants/{before['id']}"
    await client.patch(address, json={"muted": True})
    wanted = {"provider": "ollama", "model": "llama:8b"}
    answer = await client.patch(address, json=wanted)
    assert answer.status_code == 200, answer.text
    seats = answer.json()["conversation"]["participants"]
    assert seats[0] == before | wanted | {"muted": True}
    assert len(seats) == 3

    envelopes = await made.house.journal.read(conversation)
    assert envelopes[-1].type == "participant.joined"
    state = fold(conversation, envelopes)
    assert [each.id for each in state.participants] == [each["id"] for each in seats]
    played = state.seat(before["id"]).participant
    assert (played.provider, played.model) == ("ollama", "llama:8b")
    assert played.character == fold(conversation, envelopes[:1]).participants[0].character

    again = await client.patch(address, json=wanted)
    assert again.json()["seq"] == answer.json()["seq"]


async def test_the_model_alone_is_one_of_the_same_provider(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    who = (await _seat(client, conversation))["id"]
    address = f"{CONVERSATIONS}/{conversation}/participants/{who}"
    await client.patch(address, json={"provider": "openai"})
    await client.patch(address, json={"model": "gpt-y"})
    seat = await _seat(client, conversation)
    assert (seat["provider"], seat["model"]) == ("openai", "gpt-y")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "skynet"}, "provider"),
        ({"provider": "ollama", "model": "gone"}, "model"),
        ({"provider": "auto", "model": "gpt-x"}, "model"),
    ],
)
async def test_who_cannot_play_is_named_and_nothing_changes(
    client: httpx2.AsyncClient, conversation: str, body: dict[str, str], field: str
) -> None:
    before = await _seat(client, conversation)
    answer = await client.patch(
        f"{CONVERSATIONS}/{conversation}/participants/{before['id']}", json=body
    )
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [field]
    assert await _seat(client, conversation) == before


async def test_a_change_that_names_nothing_or_comes_after_the_end_is_refused(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    who = (await _seat(client, conversation))["id"]
    address = f"{CONVERSATIONS}/{conversation}/participants/{who}"
    assert (await client.patch(address, json={})).status_code == 422
    await client.post(f"{CONVERSATIONS}/{conversation}/stop")
    assert (await client.patch(address, json={"provider": "openai"})).status_code == 409
