"""The house's own page: its switches and budgets, what it spent, and the calls it kept."""

from functools import partial
from typing import Any

import httpx2
import pytest
from api_house import Made

from chimera.core.generation import Usage
from chimera.core.ports import CallRecord, Reservation
from chimera.store import records
from chimera.store.ledger import DAY_MS, StoreLedger

HOUSE = "/api/v1/house"
NONE: dict[str, Any] = {
    "house_day": None, "owner_day": None, "credential_day": None, "provider_day": {},
    "conversation_default": None,
}  # fmt: skip


async def test_a_house_pays_and_records_nothing_until_it_is_told(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get(HOUSE)).json() == {
        "paid_calls": True,
        "record_calls": False,
        "budgets": NONE,
    }


async def test_only_what_is_named_is_changed(client: httpx2.AsyncClient) -> None:
    budgets = {"house_day": 5, "provider_day": {"openai": 2.5}}
    first = await client.patch(HOUSE, json={"paid_calls": False, "budgets": budgets})
    assert first.json()["budgets"] == NONE | budgets
    body = {"record_calls": True, "budgets": {"house_day": None, "conversation_default": 0.5}}
    second = await client.patch(HOUSE, json=body)
    assert second.json() == {
        "paid_calls": False,
        "record_calls": True,
        "budgets": NONE | {"provider_day": {"openai": 2.5}, "conversation_default": 0.5},
    }
    assert (await client.get(HOUSE)).json() == second.json()
    third = await client.patch(HOUSE, json={"budgets": {"provider_day": None}})
    assert third.json()["budgets"]["provider_day"] == {}


@pytest.mark.parametrize("name", ["owner_day", "credential_day"])
async def test_every_ceiling_that_holds_can_be_set(client: httpx2.AsyncClient, name: str) -> None:
    changed = await client.patch(HOUSE, json={"budgets": {name: 1.5}})
    assert changed.json()["budgets"] == NONE | {name: 1.5}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"paid_calls": None}, "paid_calls"),
        ({"paid_calls": "no"}, "paid_calls"),
        ({"budgets": None}, "budgets"),
        ({"budgets": {"house_day": -1}}, "budgets.house_day"),
        ({"budgets": {"house_day": 10**9}}, "budgets.house_day"),
        ({"budgets": {"provider_day": {"openai": -1}}}, "budgets.provider_day.openai"),
        ({"budgets": {"provider_day": {"No Name": 1}}}, "budgets.provider_day.No Name.[key]"),
        ({"budgets": {"year": 1}}, "budgets.year"),
    ],
)
async def test_what_is_no_budget_is_refused(
    client: httpx2.AsyncClient, body: dict[str, Any], path: str
) -> None:
    before = (await client.get(HOUSE)).json()
    answer = await client.patch(HOUSE, json=body)
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["errors"]] == [path]
    assert (await client.get(HOUSE)).json() == before


async def pay(made: Made, conversation: str, name: str, provider: str, cost: float) -> None:
    house = made.house
    ledger = StoreLedger(house.store, house.preferences, house.clock)
    await ledger.reserve(
        Reservation(
            id=name, conversation_id=conversation, turn_id="trn_1", participant_id="par_1",
            provider=provider, model="m", input_tokens=100, output_tokens=50, cost=1.0,
        )
    )  # fmt: skip
    await ledger.report(name, Usage(input_tokens=80, output_tokens=20, cost=cost))


async def test_spending_is_told_by_day_provider_and_conversation(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    await pay(made, conversation, "use_1", "openai", 0.5)
    made.clock.advance(DAY_MS / 1000)
    await pay(made, conversation, "use_2", "openai", 0.25)
    await pay(made, "cnv_gone", "use_3", "gemini", 0.125)
    spent = (await client.get("/api/v1/spending", params={"days": 2})).json()
    assert spent["days"] == [
        {"day": "2026-11-22", "provider": "openai", "amount": 0.5, "calls": 1, "tokens": 100,
         "estimated": False},
        {"day": "2026-11-23", "provider": "gemini", "amount": 0.125, "calls": 1, "tokens": 100,
         "estimated": False},
        {"day": "2026-11-23", "provider": "openai", "amount": 0.25, "calls": 1, "tokens": 100,
         "estimated": False},
    ]  # fmt: skip
    assert [(each["provider"], each["amount"]) for each in spent["providers"]] == [
        ("openai", 0.75), ("gemini", 0.125),
    ]  # fmt: skip
    assert spent["conversations"] == [
        {"id": conversation, "title": "Do fish get bored?", "amount": 0.75},
        {"id": "cnv_gone", "amount": 0.125},
    ]
    assert spent["today"] == {"amount": 0.375, "estimated": False}
    assert spent["month"] == {"amount": 0.875, "estimated": False}
    today = (await client.get("/api/v1/spending", params={"days": 1})).json()
    assert {each["day"] for each in today["days"]} == {"2026-11-23"}
    assert today["month"] == spent["month"]
    openai = (await client.get("/api/v1/providers")).json()["items"][0]
    assert openai["spent_today"] == {"amount": 0.25, "estimated": False}
    for days in (0, 91, "x"):
        answer = await client.get("/api/v1/spending", params={"days": days})
        assert answer.status_code == 422


async def test_the_calls_of_a_turn_can_be_looked_at(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    call = CallRecord(
        id="call_1", conversation_id=conversation, turn_id="trn_1", participant_id="par_1",
        provider="openai", model="m", at=made.house.now(), first_token_ms=200, duration_ms=900,
        request={"system": "You are Ada."}, text="Tea.", reasoning="",
        usage=Usage(input_tokens=8, output_tokens=2, cost=0.001),
        error={"code": "provider_slow", "message": "no line"},
    )  # fmt: skip
    await made.house.store.write(partial(records.keep, call=call))
    turns = f"/api/v1/conversations/{conversation}/turns"
    page = (await client.get(f"{turns}/trn_1/calls")).json()
    assert page["items"] == [
        {
            "id": "call_1", "at": "2026-11-22T12:00:00.000Z", "participant_id": "par_1",
            "provider": "openai", "model": "m", "first_token_ms": 200, "duration_ms": 900,
            "request": {"system": "You are Ada."}, "text": "Tea.", "reasoning": "",
            "usage": {"input_tokens": 8, "output_tokens": 2, "cached_tokens": 0, "cost": 0.001,
                      "estimated": False},
            "error": {"code": "provider_slow", "message": "no line"},
        }
    ]  # fmt: skip
    assert (await client.get(f"{turns}/trn_2/calls")).json()["items"] == []
    elsewhere = "/api/v1/conversations/cnv_other/turns/trn_1/calls"
    assert (await client.get(elsewhere)).json()["items"] == []
