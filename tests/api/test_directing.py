"""Who can direct is listed, and only those are asked for."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from api_house import Made
from blockbuster import BlockBuster

from chimera.app import create_app, open_parts
from chimera.app.wings import route_of
from chimera.core.errors import Unready
from chimera.core.generation import Route
from chimera.core.schemes import SCHEMES, SHOW
from chimera.settings import Settings, load_settings

CONVERSATIONS = "/api/v1/conversations"


@pytest.fixture
def opening(_never_blocking: BlockBuster) -> Generator[None]:
    """A house that opens serves nobody yet, and may read its files."""
    _never_blocking.deactivate()
    yield
    _never_blocking.activate()


async def test_the_directors_of_the_house_are_listed(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/api/v1/directors")).json()
    assert [each["name"] for each in found["items"]] == ["show", "human", "model"]
    assert all(each["description"] and not each["plugin"] for each in found["items"])


@pytest.mark.usefixtures("opening")
async def test_a_director_of_a_package_is_listed_and_can_be_asked_for(
    client: httpx2.AsyncClient, made: Made
) -> None:
    mine = replace(SHOW, name="mine", description="Mine.", version="2")
    app = create_app(replace(made.house, directors={**SCHEMES, "mine": mine}))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url=client.base_url) as other:
        listed = (await other.get("/api/v1/directors")).json()["items"][-1]
        asked = {"topic": "Tea?", "director": "mine"}
        created = await other.post(CONVERSATIONS, json=asked)
    assert listed == {"name": "mine", "description": "Mine.", "version": "2", "plugin": True}
    assert created.status_code == 201, created.text
    log = await made.house.journal.read(created.json()["id"])
    assert getattr(log[0].body, "director", None) == "mine"


async def test_a_director_that_is_not_there_is_refused_with_those_that_are(
    client: httpx2.AsyncClient,
) -> None:
    refused = await client.post(CONVERSATIONS, json={"topic": "Tea?", "director": "mine"})
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["code"] == "invalid"
    assert "show, human, model" in problem["detail"]


# --- what the settings make of it ----------------------------------------------------------------


def settings_in(folder: Path, **minds: object) -> Settings:
    return load_settings(
        server={"data_dir": folder}, providers={"discover": False}, minds=minds,
        redis={"url": None}, database={"url": None},
    )  # fmt: skip


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize(
    ("minds", "told"),
    [
        ({"directors": "nobody"}, "no installed package offers a director named nobody"),
        ({"directors": "show,human"}, "show is a director of the house"),
        ({"director_model": "gpt"}, "CHIMERA_MINDS__DIRECTOR_MODEL"),
    ],
)
async def test_settings_that_cannot_be_kept_stop_the_start(
    tmp_path: Path, minds: dict[str, object], told: str
) -> None:
    with pytest.raises(Unready, match=told) as caught:
        async with open_parts(settings_in(tmp_path, **minds)):
            pass
    assert caught.value.exit_code == 2


def test_the_model_behind_the_scenes_is_named_with_its_provider() -> None:
    named = Route(provider="openai", model="org/model-1")
    assert route_of("openai/org/model-1") == named
    assert route_of(None) is None
