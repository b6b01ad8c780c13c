"""Reactions of the stalls, and the ledger of relations, over HTTP."""

from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from api_house import Made
from test_conversations import CONVERSATIONS, create, say

from chimera.api.deps import REACTIONS_PER_MINUTE
from chimera.core import events as ev
from chimera.core.state import fold


def reaction(conversation: str, message: str, emoji: str) -> str:
    return f"{CONVERSATIONS}/{conversation}/messages/{message}/reactions/{quote(emoji, safe='')}"


async def messages(client: httpx2.AsyncClient, conversation: str) -> list[dict[str, Any]]:
    return (await client.get(f"{CONVERSATIONS}/{conversation}/messages")).json()["items"]


@pytest.fixture
async def spoken(client: httpx2.AsyncClient, made: Made, conversation: str) -> str:
    await say(made, conversation, "one", "Fish have all the time in the sea.")
    return conversation


async def test_a_reaction_is_counted_once_however_often_it_is_sent(
    client: httpx2.AsyncClient, made: Made, spoken: str
) -> None:
    for _ in range(3):
        answer = await client.put(reaction(spoken, "msg_one", "👏"))
        assert answer.status_code == 200
        assert answer.json()["message"]["reactions"] == {"👏": 1}
        assert answer.json()["message"]["mine"] == ["👏"]
    await client.put(reaction(spoken, "msg_one", "🔥"))
    (message,) = await messages(client, spoken)
    assert (message["reactions"], message["mine"]) == ({"👏": 1, "🔥": 1}, ["👏", "🔥"])
    added = [
        each.body for each in await made.house.journal.read(spoken)
        if isinstance(each.body, ev.ReactionAdded)
    ]  # fmt: skip
    assert [(each.emoji, each.message_id) for each in added] == [
        ("👏", "msg_one"),
        ("🔥", "msg_one"),
    ]


async def test_a_reaction_can_be_taken_back(client: httpx2.AsyncClient, spoken: str) -> None:
    await client.put(reaction(spoken, "msg_one", "👎"))
    for _ in range(2):
        answer = await client.delete(reaction(spoken, "msg_one", "👎"))
        assert answer.json()["message"]["reactions"] == {}
    assert "mine" not in (await messages(client, spoken))[0]


async def test_the_cast_feels_what_the_stalls_show(
    client: httpx2.AsyncClient, made: Made, spoken: str
) -> None:
    await client.put(reaction(spoken, "msg_one", "😂"))
    state = fold(spoken, await made.house.journal.read(spoken))
    assert state.feelings.crowd.energy == 1
    assert state.feelings.crowd.recent[0].viewer == "host"


async def test_both_spellings_of_a_heart_are_one(client: httpx2.AsyncClient, spoken: str) -> None:
    await client.put(reaction(spoken, "msg_one", "❤️"))
    answer = await client.put(reaction(spoken, "msg_one", "❤"))
    assert answer.json()["message"]["reactions"] == {"❤": 1}


@pytest.mark.parametrize("emoji", ["👏🏽", "👩‍🚀", "🇫🇷", "🏳️‍🌈", "☕"])
async def test_any_single_emoji_will_do(
    client: httpx2.AsyncClient, spoken: str, emoji: str
) -> None:
    assert (await client.put(reaction(spoken, "msg_one", emoji))).status_code == 200


@pytest.mark.parametrize("emoji", ["a", "👏👏", "lol", " ", "😂!", "1", "\u200d", "👏 ", "<b>"])
async def test_what_is_not_one_emoji_is_refused(
    client: httpx2.AsyncClient, spoken: str, emoji: str
) -> None:
    answer = await client.put(reaction(spoken, "msg_one", emoji))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "emoji"


async def test_what_is_not_there_gets_no_reaction(client: httpx2.AsyncClient, spoken: str) -> None:
    other = await create(client)
    for place in (
        reaction(spoken, "msg_two", "👏"), reaction(other["id"], "msg_one", "👏"),
        reaction("cnv_nobody", "msg_one", "👏"),
    ):  # fmt: skip
        assert (await client.put(place)).status_code == 404
        assert (await client.delete(place)).status_code == 404


async def test_nobody_claps_faster_than_hands_can(
    client: httpx2.AsyncClient, made: Made, spoken: str
) -> None:
    place = reaction(spoken, "msg_one", "👏")
    for number in range(REACTIONS_PER_MINUTE):
        answer = await (client.delete if number % 2 else client.put)(place)
        assert answer.status_code == 200
    answer = await client.put(place)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert float(answer.headers["retry-after"]) > 0
    made.clock.advance(5)
    assert (await client.put(place)).status_code == 200


async def test_a_message_takes_only_so_many_kinds(client: httpx2.AsyncClient, spoken: str) -> None:
    kinds = [chr(ord("🐀") + number) for number in range(21)]
    codes = [(await client.put(reaction(spoken, "msg_one", each))).status_code for each in kinds]
    assert codes == [200] * 20 + [429]


async def test_one_may_still_clap_when_the_play_is_over(
    client: httpx2.AsyncClient, spoken: str
) -> None:
    await client.post(f"{CONVERSATIONS}/{spoken}/stop")
    assert (await client.put(reaction(spoken, "msg_one", "👏"))).status_code == 200


async def test_what_is_swept_away_takes_its_reactions_with_it(
    client: httpx2.AsyncClient, spoken: str
) -> None:
    await client.put(reaction(spoken, "msg_one", "👏"))
    await client.post(f"{CONVERSATIONS}/{spoken}/clear")
    assert await messages(client, spoken) == []
    assert (await client.put(reaction(spoken, "msg_one", "👏"))).status_code == 404


# -- relations --------------------------------------------------------------------------------


async def feel(made: Made, conversation: str, **body: object) -> None:
    def unit(work: Any) -> Any:
        changed = ev.RelationChanged.model_validate(body)
        new = ev.NewEvent(body=changed, actor=ev.SYSTEM)
        return made.house.journal.append(work, conversation, [new])

    await made.house.store.work(ev.SYSTEM, unit)


async def test_relations_begin_where_the_cards_say(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    answer = await client.get(f"{CONVERSATIONS}/{conversation}/relations")
    found = answer.json()
    assert answer.headers["conversation-status"] == "running"
    assert len(found["ties"]) == 6
    assert len(found["pairs"]) == 3
    assert all(each["affinity"] == each["start"] for each in found["ties"])
    assert (found["history"], found["next_cursor"]) == ([], None)
    cast = (await client.get(f"{CONVERSATIONS}/{conversation}")).json()["participants"]
    ids = {each["slug"]: each["id"] for each in cast}
    seeds = {(each["from"], each["to"]): each["start"] for each in found["ties"]}
    assert seeds[ids["comedian"], ids["philosopher"]] == 0.2


async def test_every_change_has_its_receipt_and_warms_its_message(
    client: httpx2.AsyncClient, made: Made, spoken: str
) -> None:
    cast = (await client.get(f"{CONVERSATIONS}/{spoken}")).json()["participants"]
    one, other = cast[0]["id"], cast[1]["id"]
    change = {"from": one, "to": other, "evidence": "msg_one"}
    await feel(made, spoken, **change, affinity=0.5, delta=0.3)
    await feel(made, spoken, **change, affinity=0.4, delta=-0.1, alliance="formed",
               conflict="heated")  # fmt: skip
    place = f"{CONVERSATIONS}/{spoken}/relations"
    found = (await client.get(place)).json()
    tie = next(each for each in found["ties"] if (each["from"], each["to"]) == (one, other))
    assert tie["affinity"] == 0.4
    pair = next(each for each in found["pairs"] if each["participants"] == [one, other])
    assert (pair["allied"], pair["conflict"]) == (True, "heated")
    assert [each["evidence"] for each in found["history"]] == ["msg_one", "msg_one"]
    assert "alliance" not in found["history"][0]
    first = (await client.get(place, params={"limit": 1})).json()
    rest = (await client.get(place, params={"cursor": first["next_cursor"]})).json()
    assert [*first["history"], *rest["history"]] == found["history"]
    assert first["ties"] == rest["ties"] == found["ties"]
    score = (await client.get(f"{CONVERSATIONS}/{spoken}/analytics")).json()["score"]
    assert score["warmth"] == [0.2]


async def test_a_swept_stage_forgets_who_liked_whom(
    client: httpx2.AsyncClient, made: Made, spoken: str
) -> None:
    cast = (await client.get(f"{CONVERSATIONS}/{spoken}")).json()["participants"]
    change = {"from": cast[0]["id"], "to": cast[1]["id"], "evidence": "msg_one"}
    await feel(made, spoken, **change, affinity=0.9, delta=0.3)
    await client.post(f"{CONVERSATIONS}/{spoken}/clear")
    found = (await client.get(f"{CONVERSATIONS}/{spoken}/relations")).json()
    assert found["history"] == []
    assert all(each["affinity"] == each["start"] for each in found["ties"])
    state = fold(spoken, await made.house.journal.read(spoken))
    assert not state.feelings.ties.ties


async def test_no_relations_of_what_is_not_there(client: httpx2.AsyncClient) -> None:
    assert (await client.get(f"{CONVERSATIONS}/cnv_nobody/relations")).status_code == 404
