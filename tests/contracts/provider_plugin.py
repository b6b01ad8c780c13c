"""The example of a plugin: installed as a stranger would, and asked in the format it made up."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from provider_formats import RIGHT, Counts, Format
from pydantic import SecretStr

from chimera.core.generation import Provider
from chimera.lab.clockwork import LoopClock
from chimera.plugins import load_providers
from chimera.providers.transport import Transport

PACKAGE = Path(__file__).parents[2] / "plugins/example-provider"


def install(folder: Path) -> Path:
    """Build the package and put it into a folder, without any network."""
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--target", folder]
    subprocess.run([*command, "--python", sys.executable, PACKAGE], check=True)
    return folder


def plugged(*, transport: Transport, base_url: str, api_key: SecretStr) -> Provider:
    """The provider as the house loads it; it has a transport of its own."""
    del transport
    variables = {"EXAMPLE_BASE_URL": base_url, "EXAMPLE_API_KEY": api_key.get_secret_value()}
    (provider,) = load_providers(["example"], clock=LoopClock(), environment=variables)
    return provider


class ExampleFormat(Format):
    path = "/v1/say"
    quiet = b"{}\n"
    junk = b"{nonsense}\n"
    too_long = "the prompt is too long"

    def _line(self, **fields: Any) -> bytes:
        return json.dumps(fields).encode() + b"\n"

    def text(self, text: str) -> bytes:
        return self._line(word=text)

    def thought(self, text: str) -> bytes:
        return self._line(thought=text)

    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        read, written = counts if isinstance(counts, tuple) else (counts, counts)
        return self._line(end=reason, id="r1", mind="m1", read=read, written=written)

    def fault(self, error: object) -> bytes:
        return self._line(error=error)

    def trouble(self, *, busy: bool = False) -> bytes:
        return self.fault({"message": "overloaded", "code": 429 if busy else 503})

    def counted_twice(self) -> bytes:
        return self.text("Tea.") + self.end() + self.end(counts=(1, 1))

    def refusal(self, status: int, message: str) -> object:
        return {"error": {"message": message}}

    def models(self, *ids: str, context: int) -> list[object]:
        return [{"minds": [{"name": each, "fits": context} for each in ids]}]
