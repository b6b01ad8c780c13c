"""Polls, votes, wishes, highlights and bookmarks, over HTTP."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from api_house import HOST, ORIGIN, Made, make_house
from test_conversations import CONVERSATIONS, create, say
from test_minding import tell

from chimera.api.deps import POLLS_PER_MINUTE, REACTIONS_PER_MINUTE
from chimera.core import events as ev
from chimera.core.state import fold
from chimera.features.conversations.marks import MOST_BY_HAND
from chimera.store.database import Store
from fakes import CountingIds, FakeClock

POLL = {"question": "Is irony learnable?", "options": ["Yes", "No"], "seconds": 30}


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds, tmp_path: Path) -> Made:
    """A house with a page to come in by."""
    (tmp_path / "index.html").write_text("<title>Chimera</title>")
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}), web=tmp_path)


@pytest.fixture
async def browsers(made: Made) -> AsyncGenerator[list[httpx2.AsyncClient]]:
    """Five people at one address."""
    transport = httpx2.ASGITransport(made.app, raise_app_exceptions=False)
    async with AsyncExitStack() as stack:
        opened: list[httpx2.AsyncClient] = []
        for _ in range(5):
            each = httpx2.AsyncClient(transport=transport, base_url=ORIGIN)
            opened.append(await stack.enter_async_context(each))
            await each.get("/")
        yield opened


def at(conversation: str, *parts: str) -> str:
    return "/".join((CONVERSATIONS, conversation, *parts))


async def ask(client: httpx2.AsyncClient, conversation: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(at(conversation, "polls"), json=POLL | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def pick(client: httpx2.AsyncClient, conversation: str, poll: str, option: int) -> Any:
    return await client.put(at(conversation, "polls", poll, "vote"), json={"option": option})


async def latest(client: httpx2.AsyncClient, conversation: str) -> dict[str, Any]:
    return (await client.get(at(conversation, "polls"))).json()["items"][0]


async def bodies(made: Made, conversation: str, *kinds: type[ev.Body]) -> list[ev.Body]:
    log = await made.house.journal.read(conversation, limit=500)
    return [each.body for each in log if isinstance(each.body, kinds)]


# -- polls ------------------------------------------------------------------------------------


async def test_one_votes_once_and_may_think_again(
    made: Made, browsers: list[httpx2.AsyncClient], conversation: str
) -> None:
    one, other, third, *_ = browsers
    poll = await ask(one, conversation)
    assert poll["open"] is True
    assert poll["quorum"] == 1
    for option in (0, 0, 1):
        answer = await pick(one, conversation, poll["id"], option)
        assert answer.status_code == 200
    assert (answer.json()["results"], answer.json()["mine"]) == ([0, 1], 1)
    assert (await pick(other, conversation, poll["id"], 1)).json()["results"] == [0, 2]
    unvoted = await latest(third, conversation)
    assert (unvoted["votes"], "results" in unvoted, "mine" in unvoted) == (2, False, False)
    # Nobody's vote is in the log that everybody reads.
    assert not any("vote" in each.type for each in await made.house.journal.read(conversation))


async def test_a_poll_is_rung_for_and_its_end_is_told_to_all(
    made: Made, browsers: list[httpx2.AsyncClient], conversation: str
) -> None:
    poll = await ask(browsers[0], conversation, quorum=3)
    ((rung, when),) = made.alarm.tallied
    assert rung == poll["id"]
    assert when.isoformat()[:19] == poll["closes_at"][:19]
    for each, option in zip(browsers, (0, 0, 1, 0, 1), strict=True):
        await pick(each, conversation, poll["id"], option)
    made.clock.advance(31)
    late = await pick(browsers[0], conversation, poll["id"], 1)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    for _ in range(2):
        await made.house.polls.close(poll["id"])
    (closed,) = await bodies(made, conversation, ev.PollClosed)
    assert isinstance(closed, ev.PollClosed)
    assert (closed.results, closed.winner, closed.because) == ((3, 2), "Yes", "majority")
    found = await latest(browsers[0], conversation)
    assert (found["open"], found["results"], found["winner"]) == (False, [3, 2], "Yes")
    verdict = fold(conversation, await made.house.journal.read(conversation)).feelings.stalls
    assert verdict.verdict is not None
    assert verdict.verdict.answer == "Yes"


async def test_too_few_votes_decide_nothing(
    made: Made, browsers: list[httpx2.AsyncClient], conversation: str
) -> None:
    poll = await ask(browsers[0], conversation, quorum=3, decides="topic")
    await pick(browsers[0], conversation, poll["id"], 0)
    made.clock.advance(31)
    await made.house.polls.close(poll["id"])
    found = await latest(browsers[0], conversation)
    assert ("winner" in found, found["because"]) == (False, "quorum")
    assert await bodies(made, conversation, ev.TopicChanged) == []


async def test_a_poll_about_the_topic_sets_it_and_wakes_the_cast(
    made: Made, browsers: list[httpx2.AsyncClient], conversation: str
) -> None:
    poll = await ask(browsers[0], conversation, options=["Owls", "Soup"], decides="topic")
    await pick(browsers[0], conversation, poll["id"], 1)
    made.alarm.rung.clear()
    made.clock.advance(31)
    await made.house.polls.close(poll["id"])
    found = (await browsers[0].get(at(conversation))).json()
    assert found["topic"] == "Soup"
    assert [key for key, _ in made.alarm.rung] == [conversation]


async def test_a_poll_that_nobody_rang_for_is_closed_by_the_next_pass(
    made: Made, client: httpx2.AsyncClient, conversation: str
) -> None:
    poll = await ask(client, conversation)
    made.alarm.tallied.clear()
    await made.house.polls.sweep()
    assert [rung for rung, _ in made.alarm.tallied] == [poll["id"]]
    await client.post(at(conversation, "stop"))
    made.clock.advance(31)
    await made.house.polls.sweep()
    assert (await latest(client, conversation))["open"] is False


async def test_one_poll_at_a_time_and_only_so_many_a_minute(
    made: Made, client: httpx2.AsyncClient, conversation: str
) -> None:
    await ask(client, conversation)
    codes = [
        (await client.post(at(conversation, "polls"), json=POLL)).status_code
        for _ in range(POLLS_PER_MINUTE)
    ]
    assert codes == [409] * (POLLS_PER_MINUTE - 1) + [429]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"options": ["Yes"]}, "options"), ({"options": ["Yes", "yes"]}, ""),
        ({"options": list("abcdefg")}, "options"), ({"question": " "}, "question"),
        ({"seconds": 5}, "seconds"), ({"seconds": 10_000}, "seconds"), ({"quorum": 0}, "quorum"),
        ({"decides": "everything"}, "decides"), ({"options": ["Yes", "N" * 121]}, "options/1"),
    ],
)  # fmt: skip
async def test_a_poll_that_is_none_is_refused(
    client: httpx2.AsyncClient, conversation: str, wrong: dict[str, Any], path: str
) -> None:
    answer = await client.post(at(conversation, "polls"), json=POLL | wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].replace(".", "/") == path


async def test_votes_for_nothing_are_refused(client: httpx2.AsyncClient, conversation: str) -> None:
    poll = await ask(client, conversation)
    other = await create(client)
    assert (await pick(client, conversation, poll["id"], 2)).status_code == 422
    assert (await pick(client, conversation, poll["id"], -1)).status_code == 422
    assert (await pick(client, conversation, "pol_none", 0)).status_code == 404
    assert (await pick(client, other["id"], poll["id"], 0)).status_code == 404


async def test_nobody_votes_faster_than_hands_can(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    poll = await ask(client, conversation)
    codes = [
        (await pick(client, conversation, poll["id"], number % 2)).status_code
        for number in range(REACTIONS_PER_MINUTE + 1)
    ]
    assert codes == [200] * REACTIONS_PER_MINUTE + [429]
    assert (await latest(client, conversation))["votes"] == 1


# -- votes on the talk ------------------------------------------------------------------------


async def test_the_talk_is_judged_once_by_each_and_joined_to_its_score(
    made: Made, browsers: list[httpx2.AsyncClient], conversation: str
) -> None:
    place = at(conversation, "vote")
    assert (await browsers[0].get(place)).json() == {
        "up": 0, "neutral": 0, "down": 0, "says": "not_enough_votes",
    }  # fmt: skip
    window = ev.Window(first=1, last=2, messages=2)
    await tell(made, conversation, ev.QualityScored(window=window, score=30, components={"x": 1}))
    for each, value in zip(browsers, (1, 1, 1, 0, 1), strict=True):
        for attempt in (-1, value):
            assert (await each.put(place, json={"value": attempt})).status_code == 200
    found = (await browsers[-1].get(place)).json()
    assert (found["up"], found["neutral"], found["down"], found["mine"]) == (4, 1, 0, 1)
    assert found["approval"] == 90
    assert 30 < found["joined"] < 90
    assert found["says"] == "likes_it_more"
    assert (await browsers[0].put(place, json={"value": 2})).status_code == 422


# -- topics -----------------------------------------------------------------------------------


async def test_viewers_wish_topics_and_the_house_has_some_too(
    made: Made, browsers: list[httpx2.AsyncClient], conversation: str
) -> None:
    one, other, *_ = browsers
    for each, topic in ((one, "Rain"), (one, "Owls"), (one, "Owls"), (other, "owls")):
        answer = await each.put(at(conversation, "topics"), json={"topic": topic})
        assert answer.status_code == 200
    found = (await one.get(at(conversation, "topics"))).json()
    assert found["wishes"] == [{"topic": "Owls", "votes": 2, "mine": True}]
    assert len(found["suggestions"]) == 5
    assert len(await bodies(made, conversation, ev.TopicWished)) == 3
    await one.post(at(conversation, "topic"), json={"topic": "Owls"})
    found = (await one.get(at(conversation, "topics"))).json()
    assert (found["topic"], found["past"], found["wishes"]) == ("Owls", ["Do fish get bored?"], [])


# -- highlights and bookmarks -----------------------------------------------------------------


@pytest.fixture
async def spoken(made: Made, conversation: str) -> str:
    for number in range(6):
        await say(made, conversation, f"{number}", f"Line number {number}. " + "word " * 60)
    return conversation


async def test_a_highlight_is_for_everybody(
    made: Made, browsers: list[httpx2.AsyncClient], spoken: str
) -> None:
    one, other, *_ = browsers
    mark = at(spoken, "messages", "msg_2", "highlight")
    for _ in range(2):
        answer = await one.put(mark)
        assert answer.json()["id"] == "msg_2"
    (found,) = (await other.get(at(spoken, "highlights"))).json()["items"]
    assert (found["id"], found["because"], found["weight"]) == ("msg_2", ["by_hand"], 1)
    assert len(found["text"]) <= 160
    assert len(await bodies(made, spoken, ev.HighlightAdded)) == 1
    await other.delete(mark)
    assert (await one.get(at(spoken, "highlights"))).json()["items"] == []
    assert (await one.put(at(spoken, "messages", "msg_9", "highlight"))).status_code == 404


async def test_highlights_are_found_with_their_reasons(
    made: Made, browsers: list[httpx2.AsyncClient], spoken: str
) -> None:
    for each in browsers:
        await each.put(at(spoken, "messages", "msg_0", "reactions", "👏"))
    cast = (await browsers[0].get(at(spoken))).json()["participants"]
    change = ev.RelationChanged.model_validate({
        "from": cast[0]["id"], "to": cast[1]["id"], "affinity": -0.8, "delta": -0.4,
        "evidence": "msg_4", "conflict": "hostile",
    })  # fmt: skip
    await tell(made, spoken, change)
    items = (await browsers[0].get(at(spoken, "highlights"))).json()["items"]
    assert [(each["id"], each["because"]) for each in items] == [
        ("msg_0", ["applause"]),
        ("msg_4", ["quarrel", "tension"]),
    ]
    first = (await browsers[0].get(at(spoken, "highlights"), params={"limit": 1})).json()
    rest = await browsers[0].get(at(spoken, "highlights"), params={"cursor": first["next_cursor"]})
    assert [*first["items"], *rest.json()["items"]] == items
    await browsers[0].post(at(spoken, "clear"))
    assert (await browsers[0].get(at(spoken, "highlights"))).json()["items"] == []


async def test_only_so_many_messages_are_marked_by_hand(
    made: Made, client: httpx2.AsyncClient, spoken: str
) -> None:
    await tell(
        made, spoken, *(ev.HighlightAdded(message_id=f"msg_x{n}") for n in range(MOST_BY_HAND))
    )
    assert (await client.put(at(spoken, "messages", "msg_2", "highlight"))).status_code == 429


async def test_bookmarks_are_ones_own(
    made: Made, browsers: list[httpx2.AsyncClient], spoken: str
) -> None:
    one, other, *_ = browsers
    before = len(await made.house.journal.read(spoken, limit=500))
    for message in ("msg_3", "msg_1", "msg_1"):
        await one.put(at(spoken, "messages", message, "bookmark"))
    mine = (await one.get(at(spoken, "bookmarks"))).json()
    assert [each["id"] for each in mine["items"]] == ["msg_1", "msg_3"]
    assert (await other.get(at(spoken, "bookmarks"))).json()["items"] == []
    await other.delete(at(spoken, "messages", "msg_1", "bookmark"))
    await one.delete(at(spoken, "messages", "msg_3", "bookmark"))
    mine = (await one.get(at(spoken, "bookmarks"))).json()
    assert [each["id"] for each in mine["items"]] == ["msg_1"]
    assert len(await made.house.journal.read(spoken, limit=500)) == before


async def test_nothing_of_what_is_not_there(client: httpx2.AsyncClient) -> None:
    for what in ("polls", "vote", "topics", "highlights", "bookmarks"):
        assert (await client.get(at("cnv_nobody", what))).status_code == 404
