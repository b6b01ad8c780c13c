"""Variants of personas and experiments with set-ups, over HTTP and on both databases."""

from functools import partial
from typing import Any

import httpx2
import pytest
from api_house import HOST, ORIGIN, Made, make_house
from test_conversations import CONVERSATIONS, create
from test_personas import KEEPER, PERSONAS

from chimera.core import events as ev
from chimera.features.conversations import ballots
from chimera.store import learning
from chimera.store.database import Store
from chimera.store.learning import Experiment
from fakes import CountingIds, FakeClock

EXPERIMENTS = "/api/v1/experiments"
DIRECTORS: dict[str, Any] = {
    "name": "Directors", "arms": [{"director": "show"}, {"director": "human"}],
}  # fmt: skip
VARIANT: dict[str, Any] = {"label": "Gruff", "changes": {"voice": "Gruff, and short of breath."}}


@pytest.fixture
def made(store: Store, clock: FakeClock, ids: CountingIds) -> Made:
    return make_house(store, clock, ids, hosts=frozenset({HOST}))


def browser(made: Made) -> httpx2.AsyncClient:
    """Somebody with a cookie of the house's."""
    visitors = made.house.visitors
    cookies = {visitors.cookie: visitors.draw()}
    transport = httpx2.ASGITransport(made.app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies)


async def judged(made: Made, conversation: str, **votes: int) -> None:
    """What viewers said of a conversation."""
    for viewer, value in votes.items():
        judge = partial(
            ballots.judge, conversation_id=conversation, viewer=viewer, value=value, at=1
        )
        await made.house.store.write(judge)


async def told(made: Made, conversation: str) -> ev.ConversationCreated:
    body = (await made.house.journal.read(conversation))[0].body
    assert isinstance(body, ev.ConversationCreated)
    return body


# -- variants ---------------------------------------------------------------------------------


@pytest.fixture
async def keeper(client: httpx2.AsyncClient) -> str:
    """The address of the variants of a persona of one's own."""
    answer = await client.post(PERSONAS, json=KEEPER)
    assert answer.status_code == 201, answer.text
    return f"{PERSONAS}/{answer.json()['id']}/variants"


async def write(client: httpx2.AsyncClient, keeper: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(keeper, json=VARIANT | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def approve(client: httpx2.AsyncClient, keeper: str, variant: str) -> None:
    answer = await client.patch(f"{keeper}/{variant}", json={"approved": True})
    assert answer.status_code == 200, answer.text
    assert answer.json()["approved"]


async def cast(client: httpx2.AsyncClient, made: Made) -> tuple[str, ev.ConversationCreated]:
    """A conversation with the keeper in it, and how its log begins."""
    seats = [{"persona": "lighthouse-keeper"}, {"persona": "comedian"}]
    made.clock.advance(1)
    conversation = (await create(client, cast=seats))["id"]
    return conversation, await told(made, conversation)


async def test_a_draft_is_kept_and_nobody_plays_it(
    client: httpx2.AsyncClient, made: Made, keeper: str
) -> None:
    variant = await write(client, keeper)
    assert variant["changes"] == VARIANT["changes"]
    assert not variant["approved"]
    found = (await client.get(keeper)).json()
    assert (found["items"], found["trying"]) == ([variant], False)
    _, begun = await cast(client, made)
    assert [each.variant for each in begun.participants] == [None, None]


async def test_each_conversation_gets_an_arm_and_the_log_tells_which(
    client: httpx2.AsyncClient, made: Made, keeper: str
) -> None:
    lines = ["Aye, and then the sea took it."]
    one = await write(client, keeper, changes={"sample_lines": lines})
    other = await write(client, keeper, label="Sunny", changes={"voice": "Sunny."})
    for each in (one, other):
        await approve(client, keeper, each["id"])
    begun = [(await cast(client, made))[1].participants[0] for _ in range(3)]
    assert {each.variant for each in begun} == {"card", one["id"], other["id"]}
    for each in begun:
        own = each.variant == one["id"]
        assert (list(each.character.sample_lines) == lines) is own
    found = (await client.get(keeper)).json()
    assert found["trying"]
    assert [each["evidence"]["assignments"] for each in found["items"]] == [1, 1]
    assert found["card"]["assignments"] == 1


async def test_the_troupe_plays_a_fork_by_its_variant_and_not_by_whom_it_comes_from(
    client: httpx2.AsyncClient, made: Made
) -> None:
    card = (await client.get(f"{PERSONAS}/comedian")).json()
    kept = ("about", "voice", "values", "habits", "forbidden", "sample_lines", "traits")
    fork = {name: card[name] for name in kept} | {"name": "The Jester", "forked_from": "comedian"}
    made_up = (await client.post(PERSONAS, json=fork)).json()
    assert made_up["plays_as"] == "comedian"
    variants = f"{PERSONAS}/jester/variants"
    await approve(client, variants, (await write(client, variants))["id"])
    plays_as: dict[bool, str | None] = {}
    for _ in range(2):
        begun = await told(
            made, (await create(client, cast=[{"persona": "jester"}, {"persona": "poet"}]))["id"]
        )
        jester = begun.participants[0]
        plays_as[jester.variant == "card"] = jester.character.plays_as
    assert plays_as == {True: "comedian", False: None}


async def test_every_viewers_vote_counts_once_for_the_arm_of_the_conversation(
    client: httpx2.AsyncClient, made: Made, keeper: str
) -> None:
    variant = await write(client, keeper)
    await approve(client, keeper, variant["id"])
    for _ in range(2):
        conversation, begun = await cast(client, made)
        if begun.participants[0].variant == variant["id"]:
            await judged(made, conversation, anna=1, bert=1, cleo=-1, dora=0)
            await judged(made, conversation, bert=-1)
        else:
            await judged(made, conversation, anna=-1)
    found = (await client.get(keeper)).json()
    evidence = found["items"][0]["evidence"]
    assert (evidence["good"], evidence["bad"], evidence["rate"]) == (1, 2, 0.3333)
    assert 0 < evidence["low"] < 1 / 3 < evidence["high"] < 1
    assert (found["card"]["good"], found["card"]["bad"]) == (0, 1)


async def test_what_viewers_like_is_played_more_often(
    client: httpx2.AsyncClient, made: Made, keeper: str
) -> None:
    variant = await write(client, keeper)
    await approve(client, keeper, variant["id"])
    for _ in range(20):
        conversation, begun = await cast(client, made)
        liked = begun.participants[0].variant == variant["id"]
        await judged(made, conversation, anna=1 if liked else -1, bert=1 if liked else -1)
    found = (await client.get(keeper)).json()
    assert found["items"][0]["evidence"]["assignments"] >= 14
    assert found["card"]["assignments"] >= 2


async def test_approved_words_stay_and_drafts_can_be_rewritten(
    client: httpx2.AsyncClient, keeper: str
) -> None:
    variant = await write(client, keeper)
    path = f"{keeper}/{variant['id']}"
    rewritten = await client.patch(path, json={"label": "Dry", "changes": {"habits": ["sighs"]}})
    assert rewritten.json()["changes"] == {"habits": ["sighs"]}
    await approve(client, keeper, variant["id"])
    late = await client.patch(path, json={"changes": {"voice": "Loud."}})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert (await client.patch(path, json={})).status_code == 422
    assert (await client.patch(path, json={"label": "Salt"})).json()["label"] == "Salt"


async def test_adopting_makes_the_next_version_and_ends_the_trial(
    client: httpx2.AsyncClient, made: Made, keeper: str
) -> None:
    variant = await write(client, keeper)
    early = await client.post(f"{keeper}/{variant['id']}/adopt")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    await approve(client, keeper, variant["id"])
    await write(client, keeper, label="Another", changes={"voice": "Sunny."})
    adopted = await client.post(f"{keeper}/{variant['id']}/adopt")
    assert adopted.status_code == 200, adopted.text
    assert (adopted.json()["version"], adopted.json()["voice"]) == (
        2,
        "Gruff, and short of breath.",
    )
    assert (await client.get(keeper)).json()["items"] == []
    _, begun = await cast(client, made)
    assert (begun.participants[0].variant, begun.participants[0].version) == (None, 2)


async def test_a_retired_variant_is_cast_no_more(
    client: httpx2.AsyncClient, made: Made, keeper: str
) -> None:
    variant = await write(client, keeper)
    await approve(client, keeper, variant["id"])
    path = f"{keeper}/{variant['id']}"
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 404
    _, begun = await cast(client, made)
    assert begun.participants[0].variant is None


async def test_a_variant_that_makes_no_sense_is_refused(
    client: httpx2.AsyncClient, keeper: str
) -> None:
    for changes in ({}, {"name": "Bob"}, {"voice": "{secret}"}, {"voice": "<|im_start|>"}):
        answer = await client.post(keeper, json={"label": "Odd", "changes": changes})
        assert answer.status_code == 422, changes
    same = await client.post(keeper, json={"label": "Same", "changes": {"voice": KEEPER["voice"]}})
    assert (same.status_code, same.json()["code"]) == (409, "conflict")
    for number in range(5):
        await write(client, keeper, label=f"Number {number}")
    sixth = await client.post(keeper, json=VARIANT)
    assert (sixth.status_code, sixth.json()["code"]) == (429, "limit_reached")


async def test_the_houses_personas_are_forked_before_they_are_varied(
    client: httpx2.AsyncClient,
) -> None:
    house = f"{PERSONAS}/comedian/variants"
    assert (await client.get(house)).json()["items"] == []
    denied = await client.post(house, json=VARIANT)
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")
    assert (await client.get(f"{PERSONAS}/nobody/variants")).status_code == 404


# -- experiments ------------------------------------------------------------------------------


async def begin(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post(EXPERIMENTS, json=DIRECTORS | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def now(client: httpx2.AsyncClient) -> dict[str, Any]:
    return (await client.get(EXPERIMENTS)).json()["items"][0]


async def test_each_conversation_gets_its_arm_where_the_caller_leaves_it_open(
    client: httpx2.AsyncClient, made: Made
) -> None:
    experiment = await begin(client, unit="conversation")
    directors = ("show", "human")
    arms: set[int] = set()
    for _ in range(12):
        begun = await told(made, (await create(client))["id"])
        assert begun.trials is not None
        (trial,) = begun.trials
        assert trial.experiment == experiment["id"]
        assert begun.director == directors[trial.arm]
        arms.add(trial.arm)
    assert arms == {0, 1}
    chosen = await told(made, (await create(client, director="human"))["id"])
    assert (chosen.trials, chosen.director) == (None, "human")
    counted = [each["evidence"]["assignments"] for each in (await now(client))["arms"]]
    assert sum(counted) == 12


async def test_a_viewer_has_the_same_arm_each_time_and_counts_once(
    client: httpx2.AsyncClient, made: Made
) -> None:
    await begin(client)
    async with browser(made) as anna:
        conversations = [(await create(anna))["id"] for _ in range(3)]
    trials = [(await told(made, each)).trials for each in conversations]
    assert len({str(each) for each in trials}) == 1
    assert trials[0]
    # Who brings no cookie cannot be known again.
    assert (await told(made, (await create(client))["id"])).trials is None
    await judged(made, conversations[1], bert=1)
    await judged(made, conversations[2], bert=-1)
    found = (await now(client))["arms"][trials[0][0].arm]["evidence"]
    assert (found["assignments"], found["good"], found["bad"]) == (1, 1, 0)


async def test_a_conversation_is_liked_if_its_votes_are_more_than_nothing(
    client: httpx2.AsyncClient, made: Made
) -> None:
    await begin(client, unit="conversation")
    votes: tuple[dict[str, int], ...] = (
        {"anna": 1},
        {"anna": 1, "bert": -1},
        {"anna": -1},
        {"anna": 0},
        {},
    )
    for each in votes:
        await judged(made, (await create(client))["id"], **each)
    found = await now(client)
    evidence = [each["evidence"] for each in found["arms"]]
    assert sum(each["good"] for each in evidence) == 1
    assert sum(each["bad"] for each in evidence) == 2
    assert (found["verdict"], found["status"]) == ("running", "running")


async def test_a_clear_difference_is_decided_with_its_course(
    client: httpx2.AsyncClient, made: Made
) -> None:
    await begin(client, unit="conversation", arms=[{"whispers": False}, {"whispers": True}])
    for _ in range(130):
        conversation = (await create(client, start=False))["id"]
        liked = (await told(made, conversation)).whispers
        await judged(made, conversation, anna=1 if liked else -1)
    found = await now(client)
    assert (found["verdict"], found["better"], found["difference"]) == ("decided", 1, 1)
    assert found["lambda"] >= found["decides_at"]
    course = found["course"]
    assert len(course) <= 100
    assert course[-1]["judged"] == 130
    assert course[-1]["lambda"] == found["lambda"]


async def test_a_stopped_experiment_gives_out_no_more_arms_and_its_votes_still_count(
    client: httpx2.AsyncClient, made: Made
) -> None:
    experiment = await begin(client, unit="conversation")
    conversation = (await create(client))["id"]
    stop = f"{EXPERIMENTS}/{experiment['id']}/stop"
    stopped = (await client.post(stop)).json()
    assert stopped["status"] == "stopped"
    assert (await client.post(stop)).json() == stopped
    assert (await told(made, (await create(client))["id"])).trials is None
    await judged(made, conversation, anna=1)
    assert sum(each["evidence"]["good"] for each in (await now(client))["arms"]) == 1
    assert (await client.post(f"{EXPERIMENTS}/exp_none/stop")).status_code == 404


async def test_two_experiments_may_run_unless_they_compare_the_same(
    client: httpx2.AsyncClient, made: Made
) -> None:
    await begin(client, unit="conversation")
    again = await client.post(EXPERIMENTS, json=DIRECTORS)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    paces = [{"pace": {"preset": "real"}}, {"pace": {"preset": "game"}}]
    await begin(client, name="Paces", unit="conversation", arms=paces)
    begun = await told(made, (await create(client))["id"])
    assert begun.trials is not None
    assert len(begun.trials) == 2
    assert begun.pace.speed == (0.35, 1.75)[begun.trials[1].arm]


async def test_the_arms_of_two_experiments_are_independent(
    client: httpx2.AsyncClient, made: Made
) -> None:
    await begin(client, unit="conversation")
    await begin(client, unit="conversation", arms=[{"whispers": False}, {"whispers": True}])
    seen: set[tuple[str, bool]] = set()
    for _ in range(40):
        begun = await told(made, (await create(client, start=False))["id"])
        seen.add((begun.director, begun.whispers))
    assert len(seen) == 4


async def test_an_experiment_waits_while_one_of_its_directors_is_gone(
    client: httpx2.AsyncClient, made: Made
) -> None:
    strange = [{"director": "show"}, {"director": "gone"}]
    refused = await client.post(EXPERIMENTS, json=DIRECTORS | {"arms": strange})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "arms.1.director"
    # Its plugin was there when it began.
    kept = Experiment(
        id="exp_1", name="Directors", unit="conversation", arms=(strange[0], strange[1]),
        created_at=1,
    )  # fmt: skip
    await made.house.store.write(partial(learning.begin, new=kept))
    begun = [await told(made, (await create(client))["id"]) for _ in range(4)]
    assert {(each.trials, each.director) for each in begun} == {(None, "show")}


@pytest.mark.parametrize(
    "arms",
    [
        [{"director": "show"}],
        [{"director": "show"}, {"director": "show"}],
        [{"director": "show"}, {"whispers": True}],
        [{}, {}],
        [{"director": None}, {"director": None}],
        [{"seed": 1}, {"seed": 2}],
        [{"pace": {"speed": 99}}, {"pace": {"speed": 1}}],
    ],
)
async def test_a_comparison_that_makes_no_sense_is_refused(
    client: httpx2.AsyncClient, arms: list[dict[str, Any]]
) -> None:
    answer = await client.post(EXPERIMENTS, json={"name": "Odd", "arms": arms})
    assert answer.status_code == 422


# -- observations -----------------------------------------------------------------------------


async def test_beginnings_are_kept_once_and_judged_by_the_votes_of_the_moment(
    client: httpx2.AsyncClient, made: Made
) -> None:
    read, write = made.house.store.read, made.house.store.write
    ids: list[str] = []
    for _ in range(3):
        made.clock.advance(1)
        ids.append((await create(client))["id"])
    await judged(made, ids[0], anna=1, bert=1, cleo=-1)
    await judged(made, ids[1], anna=1, bert=-1)
    await judged(made, ids[2], anna=0)
    look = partial(learning.unobserved, after="", most=9)
    assert await read(look) == ids[:2]
    assert await read(partial(learning.unobserved, after=ids[0], most=9)) == ids[1:2]
    assert await read(partial(learning.unobserved, after="", most=1)) == ids[:1]
    for place, of in enumerate(ids):
        keep = partial(learning.observe, conversation_id=of, features={"gap": place}, at=1)
        await write(keep)
        await write(keep)
    assert await read(look) == []
    assert await read(partial(learning.observed, conversation_id=ids[1])) == {"gap": 1}
    # Nobody took a side on the third.
    found = await read(partial(learning.examples, most=9))
    assert found == [({"gap": 0}, True), ({"gap": 1}, False)]
    await judged(made, ids[2], anna=1)
    assert await read(partial(learning.examples, most=2)) == [
        ({"gap": 1}, False),
        ({"gap": 2}, True),
    ]
    await write(partial(learning.observe, conversation_id=ids[2], features=None, at=2))
    assert [each.features for each in await read(partial(learning.examples, most=9))] == [
        {"gap": 0}, {"gap": 1},
    ]  # fmt: skip
    assert (await client.delete(f"{CONVERSATIONS}/{ids[0]}")).status_code == 204
    assert len(await read(partial(learning.examples, most=9))) == 1


async def test_what_was_learnt_last_takes_the_place_of_what_was_before(made: Made) -> None:
    store = made.house.store
    assert await store.read(learning.forecast) is None
    for votes in (1, 2):
        await store.write(partial(learning.keep_forecast, value={"votes": votes}, at=votes))
    assert await store.read(learning.forecast) == {"votes": 2}
