"""Who sees a picture: models that are known to, and nobody else."""

from collections.abc import Sequence
from random import Random

import pytest
from provider_fakes import ActedProvider

from chimera.core.generation import (
    Finish,
    GenerationRequest,
    ImagePart,
    Model,
    PromptMessage,
    Route,
    Text,
    TextPart,
    TurnRequest,
    Usage,
    UsageReport,
)
from chimera.lab.clockwork import LoopClock
from chimera.providers.catalog import Catalog, no_prices
from chimera.providers.gateway import Gateway
from chimera.providers.knowledge import Overrides
from chimera.providers.roster import Roster

LINE = (Text("What a fine red square that is."), UsageReport(Usage()), Finish(reason="stop"))
LOOK = PromptMessage(
    "others", (TextPart("Anna: look [shows a picture]"), ImagePart("image/webp", b"RIFF"))
)


async def asked(models: Sequence[Model], model: str) -> GenerationRequest:
    """What a provider with these models is asked for a turn with a picture in it."""
    provider = ActedProvider("compatible", LINE, models=models)
    roster, clock = Roster.of(provider), LoopClock()
    catalog = Catalog(roster, clock=clock, overrides=Overrides(), prices=no_prices)
    gateway = Gateway(roster, catalog=catalog, clock=clock, rng=Random(1))
    await catalog.refresh()
    request = GenerationRequest(model=model, system="Be brief.", messages=(LOOK,))
    turn = TurnRequest(
        conversation_id="cnv_1", turn_id="trn_1", participant_id="par_1",
        route=Route(provider="compatible", model=model), request=request,
    )  # fmt: skip
    await gateway.perform(turn)
    return provider.requests[0]


async def test_a_model_that_sees_gets_the_picture() -> None:
    request = await asked([Model(id="blind"), Model(id="eyes", vision=True)], "eyes")
    assert request.messages == (LOOK,)


@pytest.mark.parametrize("vision", [False, None])
async def test_a_model_that_may_not_see_gets_the_words_alone(vision: bool | None) -> None:
    request = await asked(
        [Model(id="blind", vision=vision), Model(id="eyes", vision=True)], "blind"
    )
    assert request.messages == (PromptMessage("others", (LOOK.parts[0],)),)
    assert request.pictures == 0


async def test_a_model_that_is_not_listed_gets_the_words_alone() -> None:
    assert (await asked([Model(id="eyes", vision=True)], "secret")).pictures == 0


def test_a_picture_counts_before_the_call_as_what_it_costs() -> None:
    seeing = GenerationRequest(model="m", system="", messages=(LOOK,))
    assert seeing.characters - seeing.without_pictures().characters == 5600
