"""Who said how much, where two say a line together."""

import httpx2
from api_house import Made

from chimera.core import events as ev
from conversations_made import completed, turn_started

CONVERSATIONS = "/api/v1/conversations"


async def test_each_of_two_has_half_of_the_line_they_say_together(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    created = (await made.house.journal.read(conversation))[0].body
    assert isinstance(created, ev.ConversationCreated)
    first, second, third = (each.id for each in created.participants)
    claim = await made.house.journal.claim(conversation)
    assert claim is not None
    started, said = turn_started("one", claim.generation), completed("one", "Tea is warm. And wet.")
    assert isinstance(said.body, ev.MessageCompleted)
    part = ev.PartRef(participant_id=second, route=said.body.route, offset=13)
    line = said.body.model_copy(update={"participant_id": first, "with_": part})
    turn = started.body.model_copy(update={"participant_id": first})
    mine = [
        ev.NewEvent(body=turn, actor=started.actor),
        ev.NewEvent(body=line, actor=said.actor),
    ]
    await made.house.journal.append_turn(
        claim, mine, open_turn=None, deadline=None, due=None, judge=lambda _: None
    )
    found = (await client.get(f"{CONVERSATIONS}/{conversation}/analytics")).json()
    assert found["score"]["participant"] == [0]
    assert found["score"]["partner"] == [1]
    assert found["words"] == 5
    assert [(each["participant_id"], each["words"], each["share"]) for each in found["shares"]] == [
        (first, 2.5, 0.5), (second, 2.5, 0.5), (third, 0, 0)
    ]  # fmt: skip
