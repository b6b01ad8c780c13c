"""Conversations, from their creation to their end, over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from api_house import Made

from chimera.core import events as ev
from chimera.core.sequence import Draft
from chimera.core.state import fold
from conversations_made import completed, turn_started
from fakes import NOON

CONVERSATIONS = "/api/v1/conversations"


async def create(client: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(CONVERSATIONS, json={"topic": "Do fish get bored?"} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def say(made: Made, conversation_id: str, turn: str, text: str) -> None:
    """What a run would do: take the floor and finish a line."""
    participant = (await made.house.journal.read(conversation_id))[0].body
    assert isinstance(participant, ev.ConversationCreated)
    speaker = participant.participants[0].id
    claim = await made.house.journal.claim(conversation_id)
    assert claim is not None
    lines = [turn_started(turn, claim.generation), completed(turn, text)]
    mine = [
        ev.NewEvent(body=each.body.model_copy(update={"participant_id": speaker}), actor=each.actor)
        for each in lines
    ]
    await made.house.journal.append_turn(
        claim, mine, open_turn=None, deadline=None, due=None, judge=lambda _: None
    )


async def open_turn(made: Made, conversation_id: str) -> None:
    """A run that is in the middle of its line."""
    claim = await made.house.journal.claim(conversation_id)
    assert claim is not None
    await made.house.journal.append_turn(
        claim, [turn_started("open", claim.generation)], open_turn="trn_open",
        deadline=None, due=None, judge=lambda _: None,
    )  # fmt: skip


async def types(client: httpx2.AsyncClient, conversation_id: str) -> list[str]:
    answer = await client.get(f"{CONVERSATIONS}/{conversation_id}/events?limit=200")
    return [each["type"] for each in answer.json()["items"]]


# -- creating ---------------------------------------------------------------------------------


async def test_a_topic_is_enough(client: httpx2.AsyncClient, made: Made) -> None:
    found = await create(client, topic="  Do fish get bored?  ")
    assert found["topic"] == found["title"] == "Do fish get bored?"
    assert found["status"] == "running"
    assert [each["slug"] for each in found["participants"]] == [
        "philosopher", "comedian", "scientist"
    ]  # fmt: skip
    assert {each["provider"] for each in found["participants"]} == {"scripted"}
    assert found["head_seq"] == 2
    assert made.alarm.rung == [(found["id"], NOON)]


async def test_every_wish_of_the_creator_reaches_the_log(client: httpx2.AsyncClient) -> None:
    found = await create(
        client,
        title="Fish",
        cast=[
            {"persona": "per_poet", "name": "Ada", "provider": "openai", "temperature": 0.3},
            {"persona": "chef", "provider": "ollama", "model": "llama:8b"},
        ],
        pace={"mode": "human", "preset": "game"},
        max_turns=12, max_minutes=3.5, max_tokens=9000, min_turns=2, idle_minutes=4,
        stop_phrase="curtain", budget={"amount": 2, "currency": "USD", "when_spent": "pause"},
        seed=99, visibility="unlisted", start=False, director="human", language="en-GB",
    )  # fmt: skip
    assert found["status"] == "created"
    assert found["pace"] == {"mode": "human", "speed": 1.75}
    assert found["visibility"] == "unlisted"
    events = (await client.get(f"{CONVERSATIONS}/{found['id']}/events")).json()["items"]
    assert [each["type"] for each in events] == ["conversation.created"]
    body = events[0]["body"]
    assert body["limits"] == {
        "max_turns": 12, "max_minutes": 3.5, "max_tokens": 9000, "min_turns": 2,
        "idle_minutes": 4.0, "stop_phrase": "curtain",
        "budget": {"amount": 2.0, "currency": "USD", "when_spent": "pause"},
    }  # fmt: skip
    assert (body["seed"], body["director"], body["language"]) == (99, "human", "en-GB")
    ada, chef = body["participants"]
    assert (ada["name"], ada["provider"], ada["model"]) == ("Ada", "openai", "gpt-x")
    assert ada["temperature"] == 0.3
    assert (chef["slug"], chef["model"]) == ("chef", "llama:8b")


async def test_an_opening_of_the_house_is_recognised(
    client: httpx2.AsyncClient, made: Made
) -> None:
    starter = made.house.starters[3]
    found = await create(client, topic=starter.text)
    created = (await made.house.journal.read(found["id"]))[0].body
    assert isinstance(created, ev.ConversationCreated)
    assert created.starter == starter.id


async def test_a_long_topic_makes_a_shorter_title(client: httpx2.AsyncClient) -> None:
    found = await create(client, topic="why " * 120)
    assert len(found["title"]) <= 120
    assert found["title"].endswith("why…")


@pytest.mark.parametrize(
    ("cast", "path"),
    [
        ([{"persona": "nobody"}, {"persona": "poet"}], "cast.0.persona"),
        ([{"persona": "poet"}, {"persona": "poet"}], "cast.1.persona"),
        ([{"persona": "poet"}, {"persona": "per_poet"}], "cast.1.persona"),
        ([{"persona": "poet"}], "cast"),
        ([{"persona": "poet"}] * 9, "cast"),
        ([{"persona": "poet"}, {"persona": "chef", "provider": "skynet"}], "cast.1.provider"),
        (
            [{"persona": "poet"}, {"persona": "chef", "provider": "ollama", "model": "gone"}],
            "cast.1.model",
        ),
        ([{"persona": "poet"}, {"persona": "chef", "name": "System"}], "cast.1.name"),
        ([{"persona": "poet"}, {"persona": "chef", "name": "The Poet"}], "cast.1.name"),
        ([{"persona": "poet"}, {"persona": "chef", "temperature": 3}], "cast.1.temperature"),
        ([{"persona": "poet"}, {"persona": "chef", "role": "admin"}], "cast.1.role"),
    ],
)
async def test_a_cast_that_cannot_play_is_refused_seat_by_seat(
    client: httpx2.AsyncClient, made: Made, cast: list[dict[str, Any]], path: str
) -> None:
    answer = await client.post(CONVERSATIONS, json={"topic": "Tea?", "cast": cast})
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [path]
    assert (await client.get(CONVERSATIONS)).json()["items"] == []
    assert made.alarm.rung == []


async def test_a_seat_may_leave_its_route_to_each_turn(client: httpx2.AsyncClient) -> None:
    cast: list[dict[str, Any]] = [{"persona": "poet", "provider": "auto"}, {"persona": "chef"}]
    made = await client.post(CONVERSATIONS, json={"topic": "Tea?", "cast": cast})
    seat = made.json()["participants"][0]
    assert (seat["provider"], seat["model"]) == ("auto", "auto")
    cast[0]["model"] = "gpt-5"
    refused = await client.post(CONVERSATIONS, json={"topic": "Tea?", "cast": cast})
    assert [each["path"] for each in refused.json()["errors"]] == ["cast.0.model"]


async def test_an_unknown_provider_is_answered_with_the_known_ones(
    client: httpx2.AsyncClient,
) -> None:
    cast = [{"persona": "poet", "provider": "skynet"}, {"persona": "chef"}]
    problem = (await client.post(CONVERSATIONS, json={"topic": "Tea?", "cast": cast})).json()
    assert "openai, ollama, scripted" in problem["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", ""), ("topic", "   "), ("topic", "x" * 501), ("topic", None), ("topic", 7),
        ("title", "x" * 201), ("max_turns", 0), ("max_turns", 10_001), ("max_turns", "12"),
        ("max_turns", 1.5), ("max_turns", True), ("max_minutes", 0), ("seed", -1),
        ("seed", 2**63), ("visibility", "secret"), ("start", "yes"), ("director", "nobody"),
        ("language", "../etc"), ("pace", {"speed": 0}), ("pace", {"speed": 9}),
        ("pace", {"mode": "warp"}), ("pace", {"speed": 1, "preset": "real"}),
        ("budget", {"amount": 0}), ("budget", {"amount": 1, "currency": "EUR"}),
        ("owner", "usr_1"), ("created_at", "2026-01-01"), ("cost", 0), ("stop_phrase", ""),
    ],
)  # fmt: skip
async def test_a_value_out_of_bounds_is_named_and_nothing_is_stored(
    client: httpx2.AsyncClient, field: str, value: Any
) -> None:
    answer = await client.post(CONVERSATIONS, json={"topic": "Tea?"} | {field: value})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert all(each["path"].startswith(field) for each in problem["errors"])
    assert (await client.get(CONVERSATIONS)).json()["items"] == []


# -- control ----------------------------------------------------------------------------------

ALLOWED = {
    "start": {"created"},
    "pause": {"running"},
    "resume": {"paused"},
    "stop": {"created", "running", "paused"},
    "clear": {"created", "running", "paused"},
    "skip": {"running"},
}
STEPS: dict[str, list[str]] = {
    "created": [], "running": ["start"], "paused": ["start", "pause"], "ended": ["stop"],
}  # fmt: skip
AFTER = {"start": "running", "pause": "paused", "resume": "running", "stop": "ended"}


@pytest.mark.parametrize("status", STEPS)
@pytest.mark.parametrize("verb", ALLOWED)
async def test_a_command_works_in_its_statuses_and_conflicts_in_all_others(
    client: httpx2.AsyncClient, status: str, verb: str
) -> None:
    found = await create(client, start=False)
    address = f"{CONVERSATIONS}/{found['id']}"
    for step in STEPS[status]:
        assert (await client.post(f"{address}/{step}")).status_code == 200
    before = (await client.get(address)).json()
    assert before["status"] == status

    answer = await client.post(f"{address}/{verb}")
    if status in ALLOWED[verb]:
        assert answer.status_code == 200
        assert answer.json()["seq"] == answer.json()["conversation"]["head_seq"]
        assert answer.json()["conversation"]["status"] == AFTER.get(verb, status)
    else:
        assert answer.status_code == 409
        assert answer.json()["code"] == "wrong_status"
        assert (await client.get(address)).json() == before


async def test_starting_and_resuming_ring_the_alarm_at_once(
    client: httpx2.AsyncClient, made: Made
) -> None:
    found = await create(client, start=False)
    assert made.alarm.rung == []
    await client.post(f"{CONVERSATIONS}/{found['id']}/start")
    await client.post(f"{CONVERSATIONS}/{found['id']}/pause")
    assert made.alarm.cancelled == [found["id"]]
    made.clock.advance(60)
    await client.post(f"{CONVERSATIONS}/{found['id']}/resume")
    assert [key for key, _ in made.alarm.rung] == [found["id"], found["id"]]
    assert made.alarm.rung[1][1] <= made.clock.now()


async def test_who_speaks_while_the_house_waits_makes_it_look_at_once(
    client: httpx2.AsyncClient, made: Made
) -> None:
    found = await create(client)
    pause = ev.NewEvent(
        body=ev.ConversationPaused(because="providers_down", resume_at="2099-01-01T00:00:00.000Z"),
        actor=ev.SYSTEM,
    )
    await made.house.store.work(
        ev.SYSTEM, lambda work: made.house.journal.append(work, found["id"], [pause])
    )
    made.alarm.rung.clear()
    address = f"{CONVERSATIONS}/{found['id']}"
    assert (await client.post(f"{address}/messages", json={"text": "Hello?"})).status_code == 201
    assert made.alarm.rung == [(found["id"], made.clock.now())]
    assert (await client.get(address)).json()["status"] == "paused", "a free look decides"
    assert await made.house.journal.claim(found["id"]) is not None


@pytest.mark.parametrize(
    ("verb", "code", "event"),
    [
        ("pause", "paused", "conversation.paused"),
        ("stop", "stopped", "conversation.ended"),
        ("clear", "interrupted", "conversation.cleared"),
    ],
)
async def test_who_takes_the_floor_closes_the_open_turn_first(
    client: httpx2.AsyncClient, made: Made, conversation: str, verb: str, code: str, event: str
) -> None:
    await open_turn(made, conversation)
    await client.post(f"{CONVERSATIONS}/{conversation}/{verb}")
    failed, last = (await made.house.journal.read(conversation))[-2:]
    assert isinstance(failed.body, ev.TurnFailed)
    assert (failed.body.code, last.type) == (code, event)


async def test_a_command_does_not_ring_for_a_run_that_is_awake(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    made.alarm.rung.clear()
    assert await made.house.journal.claim(conversation) is not None
    await client.post(f"{CONVERSATIONS}/{conversation}/messages", json={"text": "And whales?"})
    assert made.alarm.rung == []


async def test_clearing_sweeps_what_was_said(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    await say(made, conversation, "one", "They would need to expect something first.")
    cleared = (await client.post(f"{CONVERSATIONS}/{conversation}/clear")).json()
    assert cleared["conversation"]["message_count"] == 0
    assert (await client.get(f"{CONVERSATIONS}/{conversation}/messages")).json()["items"] == []


# -- change and delete ------------------------------------------------------------------------


async def test_title_visibility_and_pace_can_be_changed(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    answer = await client.patch(
        address, json={"title": "Fish", "visibility": "public", "pace": {"speed": 2}}
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["title"], found["visibility"]) == ("Fish", "public")
    assert found["pace"] == {"mode": "stream", "speed": 2.0}
    assert (await client.get(address)).json() == found | {"viewer": "host"}
    assert (await types(client, conversation))[-2:] == [
        "conversation.renamed",
        "conversation.paced",
    ]


async def test_a_new_budget_leaves_the_other_limits(client: httpx2.AsyncClient, made: Made) -> None:
    found = await create(client, max_turns=40)
    address = f"{CONVERSATIONS}/{found['id']}"
    answer = await client.patch(address, json={"budget": {"amount": 2, "when_spent": "pause"}})
    assert answer.status_code == 200, answer.text
    again = await client.patch(address, json={"budget": {"amount": 3}})
    assert again.status_code == 200
    state = fold(found["id"], await made.house.journal.read(found["id"]))
    assert state.limits.max_turns == 40
    assert state.limits.budget is not None
    assert (state.limits.budget.amount, state.limits.budget.when_spent) == (3, "finale")
    await client.post(f"{address}/stop")
    assert (await client.patch(address, json={"budget": {"amount": 9}})).status_code == 409


async def unpaid(made: Made, conversation: str, until: str | None = None) -> None:
    body = ev.ConversationPaused(because="budget", resume_at=until)
    pause = ev.NewEvent(body=body, actor=ev.SYSTEM)
    await made.house.store.work(
        ev.SYSTEM, lambda work: made.house.journal.append(work, conversation, [pause])
    )


@pytest.mark.parametrize(
    ("until", "status"), [(None, "running"), ("2099-01-01T00:00:00.000Z", "paused")]
)
async def test_more_money_for_a_show_ends_the_pause_for_its_own_ceiling_alone(
    client: httpx2.AsyncClient, made: Made, until: str | None, status: str
) -> None:
    found = await create(client, budget={"amount": 1, "when_spent": "pause"})
    await unpaid(made, found["id"], until)
    more = {"budget": {"amount": 2, "when_spent": "pause"}}
    answer = await client.patch(f"{CONVERSATIONS}/{found['id']}", json=more)
    assert answer.json()["status"] == status


async def test_another_ceiling_of_the_house_wakes_who_waits_for_the_day_to_end(
    client: httpx2.AsyncClient, made: Made
) -> None:
    day, own = (await create(client))["id"], (await create(client))["id"]
    await unpaid(made, day, "2099-01-01T00:00:00.000Z")
    await unpaid(made, own)
    await client.patch("/api/v1/house", json={"record_calls": True})
    assert await made.house.journal.claim(day) is None, "nothing was raised"
    await client.patch("/api/v1/house", json={"budgets": {"house_day": 20}})
    assert await made.house.journal.claim(day) is not None
    assert await made.house.journal.claim(own) is None, "its own ceiling is as it was"


async def test_an_ended_conversation_keeps_its_tempo_but_not_its_title(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    await client.post(f"{address}/stop")
    assert (await client.patch(address, json={"title": "Fish"})).json()["title"] == "Fish"
    assert (await client.patch(address, json={"pace": {"speed": 2}})).status_code == 409


@pytest.mark.parametrize("body", [{}, {"status": "ended"}, {"cost": 0}, {"owner": "me"}])
async def test_nothing_else_can_be_changed(
    client: httpx2.AsyncClient, conversation: str, body: dict[str, Any]
) -> None:
    answer = await client.patch(f"{CONVERSATIONS}/{conversation}", json=body)
    assert answer.status_code == 422


async def test_a_deleted_conversation_is_gone_for_everybody(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    draft = Draft(message_id="msg_1", turn_id="trn_1", participant_id="par_1", generation=1)
    await made.hub.publish(conversation, [b"{}"], generation=1, draft=draft)
    assert (await client.delete(address)).status_code == 204
    assert made.alarm.cancelled == [conversation]
    async with made.hub.watch(conversation) as channel:
        assert channel.state.draft is None
    for path in ("", "/messages", "/events", "/analytics", "/stream"):
        assert (await client.get(address + path)).status_code == 404
    assert (await client.delete(address)).status_code == 404


async def test_a_repeated_create_is_answered_though_its_provider_has_gone(
    client: httpx2.AsyncClient, made: Made
) -> None:
    cast = [{"persona": "poet", "provider": "ollama"}, {"persona": "chef"}]
    asked = {"topic": "Tea?", "cast": cast}
    key = {"Idempotency-Key": "once"}
    first = await client.post(CONVERSATIONS, json=asked, headers=key)
    made.providers.states = [each for each in made.providers.states if each.name != "ollama"]
    again = await client.post(CONVERSATIONS, json=asked, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize(
    "unknown", ["cnv_nobody", "1", "cnv_", "x" * 5000, "cnv_%00", "cnv_'--", "..%2f..%2fetc"]
)
async def test_an_id_that_nothing_has_is_not_found(
    client: httpx2.AsyncClient, unknown: str
) -> None:
    answer = await client.get(f"{CONVERSATIONS}/{unknown}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


# -- speaking and steering --------------------------------------------------------------------


async def test_a_viewer_speaks_and_the_cast_is_woken(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    made.alarm.rung.clear()
    members = (await client.get(f"{CONVERSATIONS}/{conversation}")).json()["participants"]
    answer = await client.post(
        f"{CONVERSATIONS}/{conversation}/messages",
        json={"text": "And <b>whales</b>?", "name": "Anna", "to": members[1]["id"]},
    )
    assert answer.status_code == 201, answer.text
    posted = answer.json()
    assert posted["message"]["author"] == {"kind": "viewer", "name": "Anna"}
    assert posted["message"]["seq"] == posted["seq"] == 3
    listed = (await client.get(f"{CONVERSATIONS}/{conversation}/messages")).json()["items"]
    assert listed == [posted["message"]]
    assert made.alarm.rung == [(conversation, NOON)]


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""}, {"text": " \n "}, {"text": "x" * 501}, {"text": "a\x00b"},
        {"text": "bell\x07"}, {"text": "hi", "to": "par_nobody"}, {"text": "hi", "to": "you"},
        {"text": "hi", "name": "The Philosopher"}, {"text": "hi", "name": "comedian"},
        {"text": "hi", "name": "assistant"}, {"text": "hi", "name": "sys\u200btem"},
        {"text": "hi", "name": "x" * 41}, {"text": "hi", "name": "\u202eanna"[:1]},
        {"text": "hi", "author": {"kind": "host"}}, {"text": "hi", "images": ["x"]},
    ],
)  # fmt: skip
async def test_a_viewer_can_neither_shout_nor_pass_for_somebody_else(
    client: httpx2.AsyncClient, conversation: str, body: dict[str, Any]
) -> None:
    answer = await client.post(f"{CONVERSATIONS}/{conversation}/messages", json=body)
    assert answer.status_code == 422
    assert (await types(client, conversation))[-1] == "conversation.started"


async def test_nobody_speaks_after_the_curtain(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    await client.post(f"{CONVERSATIONS}/{conversation}/stop")
    answer = await client.post(f"{CONVERSATIONS}/{conversation}/messages", json={"text": "Wait!"})
    assert answer.status_code == 409


async def test_people_steer(client: httpx2.AsyncClient, made: Made, conversation: str) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    who = (await client.get(address)).json()["participants"][0]["id"]
    wishes: list[tuple[str, dict[str, Any], str]] = [
        ("topic", {"topic": "Tea or coffee?"}, "topic.changed"),
        ("invite", {"participant_id": who}, "participant.invited"),
        ("direct", {"note": "Be brief.", "participant_id": who}, "director.noted"),
    ]
    for verb, body, event in wishes:
        answer = await client.post(f"{address}/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        assert (await types(client, conversation))[-1] == event
    changed = (await made.house.journal.read(conversation))[2]
    assert changed.wire()["body"] == {
        "topic": "Tea or coffee?", "from": "Do fish get bored?", "cause": "viewer"
    }  # fmt: skip
    assert (await client.get(address)).json()["topic"] == "Tea or coffee?"


async def test_a_muted_participant_stays_seated_and_cannot_be_invited(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    who = (await client.get(address)).json()["participants"][0]["id"]
    muted = await client.patch(f"{address}/participants/{who}", json={"muted": True})
    assert muted.json()["conversation"]["participants"][0]["muted"] is True
    again = await client.patch(f"{address}/participants/{who}", json={"muted": True})
    assert again.json()["seq"] == muted.json()["seq"]
    invited = await client.post(f"{address}/invite", json={"participant_id": who})
    assert invited.status_code == 422
    back = await client.patch(f"{address}/participants/{who}", json={"muted": False})
    assert back.json()["conversation"]["participants"][0]["muted"] is False
    nobody = await client.patch(f"{address}/participants/par_nobody", json={"muted": True})
    assert nobody.status_code == 404


# -- looking ----------------------------------------------------------------------------------


async def test_a_list_is_paged_by_cursor_and_complete(
    client: httpx2.AsyncClient, made: Made
) -> None:
    made_ids: list[str] = []
    for _ in range(5):
        made.clock.advance(1)
        made_ids.append((await create(client, start=False))["id"])
    for sort, expected in (("newest", made_ids[::-1]), ("oldest", made_ids)):
        found: list[str] = []
        cursor: str | None = None
        while True:
            query = {"limit": "2", "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(CONVERSATIONS, params=query)).json()
            found += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == expected


async def test_a_list_is_filtered_by_status_and_words(client: httpx2.AsyncClient) -> None:
    fish = await create(client)
    tea = await create(client, topic="Tea or coffee?", start=False)
    running = (await client.get(CONVERSATIONS, params={"status": "running"})).json()["items"]
    assert [each["id"] for each in running] == [fish["id"]]
    await client.post(f"{CONVERSATIONS}/{tea['id']}/messages", json={"text": "Or chocolate?"})
    for query, expected in (
        ("coffee", [tea["id"]]),
        ("chocolate", [tea["id"]]),
        ('" OR 1=1 --', []),
        ("fish", [fish["id"]]),
    ):
        answer = await client.get(CONVERSATIONS, params={"q": query})
        assert [each["id"] for each in answer.json()["items"]] == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "201"}, {"limit": "9" * 30}, {"cursor": "nonsense"},
        {"cursor": "bnVsbA"}, {"status": "asleep"}, {"sort": "id; DROP TABLE"}, {"q": "x" * 201},
    ],
)  # fmt: skip
async def test_a_list_refuses_what_it_cannot_read(
    client: httpx2.AsyncClient, query: dict[str, str]
) -> None:
    answer = await client.get(CONVERSATIONS, params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] in query


async def test_a_cursor_belongs_to_its_list(client: httpx2.AsyncClient) -> None:
    for _ in range(2):
        await create(client)
    cursor = (await client.get(CONVERSATIONS, params={"limit": 1})).json()["next_cursor"]
    other = await client.get(CONVERSATIONS, params={"cursor": cursor, "sort": "oldest"})
    assert other.status_code == 422


async def test_messages_are_read_from_either_end(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    for number in range(5):
        await say(made, conversation, str(number), f"Line {number}.")
    address = f"{CONVERSATIONS}/{conversation}/messages"

    async def texts(**query: Any) -> tuple[list[str], str | None]:
        answer = await client.get(address, params=query)
        assert answer.headers["conversation-status"] == "running"
        page = answer.json()
        return [each["text"] for each in page["items"]], page["next_cursor"]

    first, onward = await texts(limit=2)
    assert first == ["Line 0.", "Line 1."]
    assert await texts(limit=2, cursor=onward) == (
        ["Line 2.", "Line 3."],
        await _cursor(client, address, onward),
    )
    last, back = await texts(before_seq=99, limit=2)
    assert last == ["Line 3.", "Line 4."]
    assert (await texts(before_seq=99, limit=9, cursor=back))[0] == [
        "Line 0.",
        "Line 1.",
        "Line 2.",
    ]
    assert (await texts(after_seq=10))[0] == ["Line 4."]
    assert (await texts(after_seq=12)) == ([], None)


async def _cursor(client: httpx2.AsyncClient, address: str, cursor: str | None) -> str:
    page = await client.get(address, params={"limit": 2, "cursor": cursor})
    return page.json()["next_cursor"]


async def test_a_line_shows_who_said_it_and_how_it_came_about(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    await say(made, conversation, "one", "They would need to expect something first.")
    line = (await client.get(f"{CONVERSATIONS}/{conversation}/messages")).json()["items"][0]
    assert line["author"] == {"kind": "persona", "name": "The Philosopher"}
    assert line["route"] == {"provider": "scripted", "model": "troupe"}
    assert line["usage"]["output_tokens"] == 10
    assert line["ending"] == "complete"
    found = (await client.get(f"{CONVERSATIONS}/{conversation}")).json()
    assert found["last_line"]["text"] == line["text"]
    assert found["cost"] == {"amount": 0.25, "currency": "USD", "estimated": False}


async def test_the_log_of_an_ended_conversation_may_be_kept(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    address = f"{CONVERSATIONS}/{conversation}/events"
    assert "etag" not in (await client.get(address)).headers
    await client.post(f"{CONVERSATIONS}/{conversation}/stop")
    answer = await client.get(address, params={"after": 1})
    assert answer.headers["conversation-status"] == "ended"
    assert [each["seq"] for each in answer.json()["items"]] == [2, 3]
    again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


async def test_analytics_hold_the_whole_conversation_as_a_score(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    made.clock.advance(2)
    await say(made, conversation, "one", "Three words here.")
    await client.post(f"{CONVERSATIONS}/{conversation}/messages", json={"text": "Hear, hear!"})
    found = (await client.get(f"{CONVERSATIONS}/{conversation}/analytics")).json()
    assert (found["messages"], found["words"]) == (2, 5)
    assert [each["share"] for each in found["shares"]] == [1.0, 0.0, 0.0]
    score = found["score"]
    assert score["seq"] == [4, 1]
    assert (score["participant"], score["words"]) == ([0, -1], [3, 2])
    assert sum(score["at"]) == (NOON + timedelta(seconds=2)).timestamp() * 1000
    assert found["phases"] == [{"phase": "opening", "from_seq": 1}]
    assert "course" not in found


async def test_full_analytics_tell_how_it_went(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    await say(made, conversation, "one", "Fish are patient.")
    await client.post(f"{CONVERSATIONS}/{conversation}/topic", json={"topic": "Birds"})
    await client.post(f"{CONVERSATIONS}/{conversation}/messages", json={"text": "Hear, hear!"})
    address = f"{CONVERSATIONS}/{conversation}/analytics"
    course = (await client.get(address, params={"full": True})).json()["course"]
    assert course["cost"] == [0.25, 0]
    assert (course["sentiment"], course["energy"]) == ([None, None], [0.625, None])
    assert [(each["topic"], each.get("cause")) for each in course["topics"]] == [
        ("Do fish get bored?", None), ("Birds", "viewer"),
    ]  # fmt: skip
    await client.post(f"{CONVERSATIONS}/{conversation}/clear")
    course = (await client.get(address, params={"full": True})).json()["course"]
    assert (course["cost"], [each["topic"] for each in course["topics"]]) == ([], ["Birds"])


# -- repeating --------------------------------------------------------------------------------


async def test_a_repeated_call_is_answered_and_not_done_again(
    client: httpx2.AsyncClient, made: Made
) -> None:
    headers = {"Idempotency-Key": "once-1"}
    first = await client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers)
    again = await client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers)
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    assert (again.status_code, again.content) == (201, first.content)
    assert len((await client.get(CONVERSATIONS)).json()["items"]) == 1
    assert len(made.alarm.rung) == 1


async def test_racing_calls_with_one_key_do_the_work_once(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await client.get(CONVERSATIONS)).json()["items"]) == 1


async def test_a_key_names_one_request_only(client: httpx2.AsyncClient, conversation: str) -> None:
    headers = {"Idempotency-Key": "mine"}
    await client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers)
    other = await client.post(CONVERSATIONS, json={"topic": "Coffee?"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"
    # On another route it is another key.
    paused = await client.post(f"{CONVERSATIONS}/{conversation}/pause", headers=headers)
    assert paused.status_code == 200
    elsewhere = await client.post(f"{CONVERSATIONS}/cnv_other/pause", headers=headers)
    assert elsewhere.status_code == 422


async def test_the_order_of_fields_does_not_make_another_request(
    client: httpx2.AsyncClient,
) -> None:
    headers = {"Idempotency-Key": "order", "Content-Type": "application/json"}
    bodies = (b'{"topic":"Tea?","seed":1}', b'{ "seed": 1, "topic": "Tea?" }')
    answers = [await client.post(CONVERSATIONS, content=body, headers=headers) for body in bodies]
    assert answers[0].content == answers[1].content


async def test_a_key_is_forgotten_after_a_day_and_failures_are_not_kept(
    client: httpx2.AsyncClient, made: Made
) -> None:
    headers = {"Idempotency-Key": "daily"}
    failed = await client.post(f"{CONVERSATIONS}/cnv_none/pause", headers=headers)
    assert failed.status_code == 404
    first = await client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers)
    made.clock.advance(24 * 3600 + 1)
    second = await client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers)
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 65, "with space", "tab\t"])
async def test_a_key_has_a_form(client: httpx2.AsyncClient, key: str) -> None:
    headers = {"Idempotency-Key": key}
    answer = await client.post(CONVERSATIONS, json={"topic": "Tea?"}, headers=headers)
    assert answer.status_code == 422


# -- what is not said stays as it is ----------------------------------------------------------


async def test_a_tempo_keeps_what_is_not_named(client: httpx2.AsyncClient) -> None:
    made = await create(client, pace={"mode": "human", "speed": 3})
    address = f"{CONVERSATIONS}/{made['id']}"
    faster = await client.patch(address, json={"pace": {"speed": 4}})
    assert faster.json()["pace"] == {"mode": "human", "speed": 4}
    flowing = await client.patch(address, json={"pace": {"mode": "stream"}})
    assert flowing.json()["pace"] == {"mode": "stream", "speed": 4}


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"bogus": 1}', 422), (b"garbage", 400), (b"{}", 200), (b"", 200)]
)
async def test_a_command_takes_nothing(
    client: httpx2.AsyncClient, body: bytes, status: int
) -> None:
    made = await create(client)
    answer = await client.post(
        f"{CONVERSATIONS}/{made['id']}/pause",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == status, answer.text
