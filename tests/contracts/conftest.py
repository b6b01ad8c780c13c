"""A provider's server, and each adapter under contract asking it."""

import importlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from provider_cases import CASES, PLUGIN, Case, made
from provider_plugin import install
from provider_server import ProviderServer

from chimera.core.generation import Provider


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    if request.param is PLUGIN:
        request.getfixturevalue("example_installed")
    return request.param


@pytest.fixture(scope="session")
def example_installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of a plugin, installed where this process finds it."""
    folder = install(tmp_path_factory.mktemp("installed"))
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return folder


@pytest.fixture
async def provider(case: Case, server: ProviderServer) -> AsyncIterator[Provider]:
    async with made(case, server) as provider:
        yield provider
