"""Personas, starters and providers: what there is to choose from."""

import httpx2
import pytest
from api_house import Made


async def test_the_house_shows_its_personas(client: httpx2.AsyncClient, made: Made) -> None:
    page = (await client.get("/api/v1/personas", params={"limit": 200})).json()
    assert [each["slug"] for each in page["items"]] == [each.slug for each in made.house.personas]
    one = page["items"][0]
    for id_or_slug in (one["id"], one["slug"]):
        assert (await client.get(f"/api/v1/personas/{id_or_slug}")).json() == one
    assert set(one["business"]) == {"listening", "eager", "chosen", "thinking"}
    assert 0 <= one["traits"]["humour"] <= 1


async def test_personas_are_found_by_words_and_paged(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/api/v1/personas", params={"q": "free will"})).json()["items"]
    assert "philosopher" in [each["slug"] for each in found]
    first = (await client.get("/api/v1/personas", params={"limit": 5})).json()
    query = {"limit": 5, "cursor": first["next_cursor"]}
    second = (await client.get("/api/v1/personas", params=query)).json()
    slugs = [each["slug"] for each in first["items"] + second["items"]]
    assert len(set(slugs)) == 10


async def test_starters_come_by_theme_and_by_what_was_typed(client: httpx2.AsyncClient) -> None:
    everything = (await client.get("/api/v1/starters", params={"limit": 200})).json()["items"]
    assert len(everything) >= 150
    food = (await client.get("/api/v1/starters", params={"theme": "food"})).json()["items"]
    assert food
    assert all("food" in each["themes"] for each in food)
    query = {"topic": "can machines be bored?", "limit": 3}
    near = (await client.get("/api/v1/starters", params=query)).json()["items"]
    assert near[0]["text"] == "Can a machine be bored?"
    assert (await client.get("/api/v1/starters", params=query)).json()["items"] == near


async def test_providers_are_shown_as_they_are(client: httpx2.AsyncClient, made: Made) -> None:
    page = (await client.get("/api/v1/providers")).json()
    openai, ollama, scripted = page["items"]
    assert made.providers.looked == 1
    assert openai["health"] == {
        "calls": 3, "errors": 1, "last_success_at": "2023-11-14T22:13:20.000Z", "p50_ms": 400.0,
        "failures": {},
    }  # fmt: skip
    assert (ollama["local"], ollama["found"], ollama["models"]) == (True, True, ["llama:8b"])
    assert (scripted["scripted"], scripted["state"]) == (True, "ready")
    models = (await client.get("/api/v1/providers/ollama/models")).json()["items"]
    assert models == [{"id": "llama:8b", "context": 8192}]
    check = (await client.post("/api/v1/providers/ollama/check")).json()
    assert check == {"ok": True, "detail": "", "latency_ms": 12.5}


@pytest.mark.parametrize("path", ["starters?limit=0", "starters?cursor=x", "personas?cursor=x"])
async def test_lists_refuse_what_they_cannot_read(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(f"/api/v1/{path}")).status_code == 422
