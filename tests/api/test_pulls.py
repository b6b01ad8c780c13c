"""Fetching models for servers of this machine, over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from api_house import Made

PULLS = "/api/v1/providers/ollama/pulls"


@pytest.fixture(autouse=True)
async def fetching(made: Made) -> AsyncGenerator[None]:
    """What the running house does beside its turns."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.house.pulls.run())
        yield
        task.cancel()


async def start(client: httpx2.AsyncClient, model: str = "llama3.2") -> dict[str, Any]:
    answer = await client.post(PULLS, json={"model": model})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def listed(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    # Whoever fetches takes a few steps between two questions.
    for _ in range(10):
        await asyncio.sleep(0)
    return (await client.get(PULLS)).json()["items"]


async def test_a_model_is_fetched_beside_everything_else(
    client: httpx2.AsyncClient, made: Made
) -> None:
    assert await start(client) == {"model": "llama3.2", "status": "waiting", "over": False}
    assert await listed(client) == [
        {"model": "llama3.2", "status": "pulling aa", "completed": 50, "total": 100, "over": False}
    ]
    made.server.let.set()
    assert await listed(client) == [
        {"model": "llama3.2", "status": "success", "completed": 100, "total": 100, "over": True}
    ]


async def test_a_model_that_nobody_has_says_so_and_may_be_tried_again(
    client: httpx2.AsyncClient,
) -> None:
    await start(client, "none:7b")
    (failed,) = await listed(client)
    assert failed["over"]
    assert failed["error"] == {
        "code": "unknown_model", "message": "Ollama's library has no such model",
    }  # fmt: skip
    assert not (await start(client, "none:7b"))["over"]


async def test_starting_what_is_under_way_changes_nothing(client: httpx2.AsyncClient) -> None:
    await start(client)
    before = await listed(client)
    assert (await start(client))["status"] == "pulling aa"
    assert await listed(client) == before


async def test_a_fetching_is_ended_by_whoever_asks(client: httpx2.AsyncClient, made: Made) -> None:
    name = "hf.co/someone/Tiny-GGUF:Q4_K_M"
    await start(client, name)
    await listed(client)
    assert (await client.delete(f"{PULLS}/{name}")).status_code == 204
    assert await listed(client) == []
    assert made.server.left.is_set()
    assert (await client.delete(f"{PULLS}/{name}")).status_code == 404


async def test_four_are_fetched_at_once_and_no_more(client: httpx2.AsyncClient, made: Made) -> None:
    for number in range(4):
        await start(client, f"m{number}")
    answer = await client.post(PULLS, json={"model": "m4"})
    assert (answer.status_code, answer.json()["code"]) == (429, "limit_reached")
    made.server.let.set()
    await listed(client)
    await start(client, "m4")


async def test_who_cannot_fetch_says_so(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/v1/providers/openai/pulls", json={"model": "gpt"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "openai cannot fetch models; Ollama can."
    assert (await client.get("/api/v1/providers/openai/pulls")).json()["items"] == []
    assert (await client.get("/api/v1/providers/nobody/pulls")).status_code == 404


@pytest.mark.parametrize("model", ["", " ", "-x", "a b", "a\nb", "x" * 201, "ä", 7, None])
async def test_a_name_that_no_model_can_have_is_refused(
    client: httpx2.AsyncClient, model: object
) -> None:
    assert (await client.post(PULLS, json={"model": model})).status_code == 422
