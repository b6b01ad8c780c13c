"""Logs without secrets, whichever way they got into them."""

import logging
from collections.abc import Generator
from typing import Any, Literal

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from chimera.telemetry import redact, set_up_logs

SECRETS = (
    "sk-planted-0123456789", "sk-ant-api03-planted_abc", "AIzaSyPlanted-0123456789abcdefgh",
    "gsk_planted0123456789", "xai-planted0123456789", "hf_planted0123456789",
    "whsec_planted0123456789", "chp_planted0123456789",
)  # fmt: skip


@pytest.fixture
def _restored() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_is_taken_out_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "text"], secret: str
) -> None:
    set_up_logs("info", form)
    error = ValueError(f"said {secret}")
    error.__cause__ = KeyError(secret)
    told: dict[str, Any] = {
        "said": secret, "raw": secret.encode(), "error": error, "nested": {"deep": [{"x": secret}]},
        "pair": ("x", secret), "kinds": {secret},
    }  # fmt: skip
    structlog.get_logger().error(f"it was {secret}", exc_info=error, **told)
    logging.getLogger("a.library").error("it was %s", secret, exc_info=error)
    printed = capsys.readouterr().err.lower()
    assert printed.count("it was") == 2
    assert "planted" not in printed


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("name", ["api_key", "token", "Authorization", "set-cookie", "password"])
def test_what_is_called_a_secret_is_one_whatever_it_looks_like(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    set_up_logs("info", "json")
    told: dict[str, Any] = {"headers": [(name, "planted")], "fields": {name: ["planted"]}}
    structlog.get_logger().info("sent", **told, **{name: "planted"})
    assert "planted" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["Bearer planted.planted", "bearer planted-planted", "http://planted:planted@host/", *SECRETS],
)
def test_text_is_redacted(text: str) -> None:
    assert "planted" not in redact(f"x {text} y").lower()


@given(number=st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)))
@pytest.mark.usefixtures("_restored")
def test_counts_of_tokens_are_no_secrets(number: object) -> None:
    from chimera.telemetry.logs import clean

    assert clean(number, "tokens") == number
