"""What runs Chimera in containers: no engine is needed to see that it is right on paper."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chimera.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose.yaml"
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"


def tool(name: str, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """A tool of the project's own environment, to its end."""
    command = [str(Path(sys.executable).parent / name), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def composed() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())


def test_the_compose_file_keeps_to_its_schema(tmp_path: Path) -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    checked = tool("check-jsonschema", *schema, COMPOSE)
    assert checked.returncode == 0, checked.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))
    assert tool("check-jsonschema", *schema, wrong).returncode == 1


def test_the_dockerfile_is_clean() -> None:
    linted = tool("hadolint", DOCKERFILE)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("service", ["web", "worker"])
def test_every_setting_of_the_containers_is_one_of_ours(service: str) -> None:
    named = [each for each in composed()["services"][service]["environment"] if "CHIMERA" in each]
    assert len(named) >= 3
    for name in named:
        group, _, field = name.removeprefix("CHIMERA_").lower().partition("__")
        assert hasattr(getattr(Settings(), group), field)


def test_no_container_is_reached_from_other_machines() -> None:
    services = composed()["services"]
    ports = [port for each in services.values() for port in each.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert services["web"]["network_mode"] == "host", "the house itself listens on loopback alone"


def test_whatever_the_image_is_built_from_is_sent_to_the_builder() -> None:
    sent = {
        line.removeprefix("!").split("/")[0]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source.split("/")[0]
        for line in DOCKERFILE.read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert copied == sent
    assert all((ROOT / each).exists() for each in copied)
