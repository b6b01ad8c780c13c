"""A provider's server, and each adapter under contract asking it."""

from collections.abc import AsyncIterator

import pytest
from provider_cases import CASES, Case, made
from provider_server import ProviderServer

from chimera.core.generation import Provider


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
async def provider(case: Case, server: ProviderServer) -> AsyncIterator[Provider]:
    async with made(case, server) as provider:
        yield provider
