"""`chimera providers`, and talks played by a model, against a provider of our own."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from provider_server import ProviderServer, Wire, answers, streams, whole

from picture_files import file_of, opened, picture
from processes import Commands, Finished
from tiny_gguf import write_llama

LINE = "Fish count the ripples."
MODELS = {"object": "list", "data": [{"id": "little-fish", "object": "model"}]}
REFUSED = {"error": {"message": "Incorrect API key", "type": "invalid_request_error"}}
LIST = ("providers", "list", "--json")
TALK = ("talk", "Do fish get bored?", "--turns", "2", "--pace", "instant", "--json")


class Tank(ProviderServer):
    """Lists one model and says one line, to whoever brings the right key."""

    def __init__(self) -> None:
        super().__init__()
        self.key: str | None = None
        self.play(self._answer)

    async def _answer(self, wire: Wire) -> None:
        asked = self.requests[-1]
        wrong = self.key and asked.headers.get("authorization") != f"Bearer {self.key}"
        if wrong:
            act = answers(401, REFUSED)
        elif asked.method == "GET":
            act = answers(200, MODELS)
        else:
            act = streams(whole(LINE))
        await act(wire)


@pytest.fixture
async def tank() -> AsyncGenerator[Tank]:
    async with Tank() as server:
        yield server


async def run(commands: Commands, tank: Tank, *words: str, **settings: str) -> Finished:
    url = {"CHIMERA_PROVIDERS__COMPATIBLE__BASE_URL": tank.base_url}
    return await asyncio.to_thread(commands.run, *words, **(url | settings))


def rows(done: Finished) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


async def test_a_provider_that_is_set_is_listed_checked_and_has_models(
    commands: Commands, tank: Tank
) -> None:
    listed = {each["name"]: each for each in rows(await run(commands, tank, *LIST))}
    assert listed["compatible"] == {
        "name": "compatible", "state": "ready", "models": 1, "base_url": tank.base_url,
        "detail": None, "key": None,
    }  # fmt: skip
    assert listed["scripted"]["state"] == "ready"
    check = await run(commands, tank, "providers", "check")
    assert check.code == 0
    assert "✓ compatible: It answers: 1 model." in check.out
    models = await run(commands, tank, "providers", "models", "compatible")
    assert models.out == "little-fish\n"


async def test_an_answer_is_tried_in_the_terminal(commands: Commands, tank: Tank) -> None:
    tried = await run(commands, tank, "providers", "try", "compatible", "--model", "little-fish")
    assert (tried.code, tried.out) == (0, f"{LINE}\n(stop)\n")
    words = ("providers", "try", "compatible", "--model", "little-fish", "--json")
    chunks = rows(await run(commands, tank, *words))
    assert [each["type"] for each in chunks] == ["text", "usage", "finish"]
    assert chunks[1]["input_tokens"] == 12


async def test_a_picture_is_shown_with_the_question(
    commands: Commands, tank: Tank, tmp_path: Path
) -> None:
    words = ("providers", "try", "compatible", "--model", "little-fish", "--prompt", "What is it?")
    (tmp_path / "fish.png").write_bytes(file_of(picture((3000, 100))))
    tried = await run(commands, tank, *words, "--image", str(tmp_path / "fish.png"))
    assert tried.code == 0, tried.err
    question, shown = tank.requests[-1].json["messages"][-1]["content"]
    assert question == {"type": "text", "text": "What is it?"}
    kind, _, data = shown["image_url"]["url"].partition(",")
    assert kind == "data:image/webp;base64"
    assert opened(base64.b64decode(data)).width == 1568


async def test_what_is_no_picture_is_not_asked_about(
    commands: Commands, tank: Tank, tmp_path: Path
) -> None:
    (tmp_path / "fish.svg").write_text("<svg/>")
    words = ("providers", "try", "compatible", "--model", "little-fish", "--image")
    for name, said in (("fish.svg", "no picture"), ("none.png", "cannot be read")):
        tried = await run(commands, tank, *words, str(tmp_path / name))
        assert tried.code == 1
        assert said in tried.err
    assert not any(each.method == "POST" for each in tank.requests)


async def test_a_model_plays_the_lines(commands: Commands, tank: Tank) -> None:
    words = (*TALK, "--base-url", tank.base_url, "--model", "little-fish")
    done = await asyncio.to_thread(commands.run, *words)
    said = [each["body"] for each in rows(done) if each["type"] == "message.completed"]
    assert done.code == 0
    assert said[0]["text"] == LINE
    assert said[0]["scripted"] is False
    assert said[0]["route"] == {"provider": "compatible", "model": "little-fish"}
    asked = next(each.json for each in tank.requests if each.method == "POST")
    assert asked["model"] == "little-fish"
    assert "Do fish get bored?" in json.dumps(asked["messages"])


async def test_a_wrong_key_is_said_to_be_one(commands: Commands, tank: Tank) -> None:
    tank.key = "right"
    wrong = {"CHIMERA_PROVIDERS__COMPATIBLE__API_KEY": "wrong-and-secret"}
    check = await run(commands, tank, "providers", "check", "compatible", "--json", **wrong)
    assert check.code == 1
    assert rows(check)[0]["code"] == "provider_refused"
    words = ("providers", "try", "compatible", "--model", "little-fish")
    tried = await run(commands, tank, *words, **wrong)
    assert tried.code == 1
    assert "provider_refused: " in tried.out
    words = ("--turns", "9", "--provider", "compatible", "--model", "little-fish")
    played = await run(commands, tank, *TALK, *words, **wrong)
    bodies = [(each["type"], each.get("body", {})) for each in rows(played)]
    lines = [body for type_, body in bodies if type_ == "message.completed"]
    failures = [body["code"] for type_, body in bodies if type_ == "turn.failed"]
    assert played.code == 1
    # The troupe stands in for two lines, says why, and then the house waits.
    assert [each["route"]["why"] for each in lines] == ["provider_refused"] * 2
    assert all(each["scripted"] for each in lines)
    assert failures == ["provider_refused"]
    assert bodies[-1] == ("conversation.paused", {"because": "credential"})
    calls = [each for each in tank.requests if each.method == "POST"]
    assert len(calls) == 2  # once by `try`, once by the first turn
    everything = [check, tried, played]
    assert not [each for each in everything if "wrong-and-secret" in each.out + each.err]


async def test_unknown_names_are_refused_in_one_line(commands: Commands, tank: Tank) -> None:
    for words in (("models", "gods"), ("check", "gods"), ("try", "gods")):
        done = await run(commands, tank, "providers", *words)
        assert done.code == 1
        assert "There is no provider 'gods'" in done.complaint
    keyless = await run(
        commands, tank, "providers", "try", "compatible", "--api-key-env", "NOT_THERE"
    )
    assert keyless.code == 1
    assert "NOT_THERE is not set" in keyless.complaint


async def test_a_model_is_fetched_in_the_terminal(commands: Commands, tank: Tank) -> None:
    told = [
        {"status": "pulling manifest"},
        {"status": "pulling aa", "digest": "sha256:aa", "total": 100, "completed": 40},
        {"status": "success"},
    ]
    tank.play(streams(b"".join(json.dumps(each).encode() + b"\n" for each in told)))
    words = ("providers", "pull", "ollama", "llama3.2")
    address = {"CHIMERA_PROVIDERS__OLLAMA__BASE_URL": tank.root}
    done = await run(commands, tank, *words, "--json", **address)
    assert done.code == 0, done.err
    assert [(each["type"], each["status"], each["completed"]) for each in rows(done)] == [
        ("progress", "pulling manifest", None), ("progress", "pulling aa", 40),
        ("progress", "success", 40),
    ]  # fmt: skip
    assert tank.requests[-1].path == "/api/pull"
    shown = await run(commands, tank, *words, **address)
    assert (shown.code, "success" in shown.out) == (0, True)


async def test_a_model_that_cannot_be_fetched_ends_with_one(commands: Commands, tank: Tank) -> None:
    tank.play(streams(b'{"error": "pull model manifest: file does not exist"}\n'))
    address = {"CHIMERA_PROVIDERS__OLLAMA__BASE_URL": tank.root}
    done = await run(commands, tank, "providers", "pull", "ollama", "none", "--json", **address)
    assert done.code == 1
    assert rows(done)[0]["code"] == "unknown_model"
    other = await run(commands, tank, "providers", "pull", "compatible", "x")
    assert other.code == 1
    assert "cannot fetch models" in other.err


async def test_a_model_in_a_file_plays_without_any_server(
    commands: Commands, tmp_path: Path
) -> None:
    file = write_llama(tmp_path / "tiny.gguf")
    named = {"CHIMERA_PROVIDERS__LLAMACPP__MODEL": str(file)}
    listed = await asyncio.to_thread(commands.run, *LIST, **named)
    found = {each["name"]: each for each in rows(listed)}
    assert (found["llamacpp"]["state"], found["llamacpp"]["models"]) == ("ready", 1)
    words = ("providers", "try", "llamacpp", "--json")
    tried = await asyncio.to_thread(commands.run, *words, **named)
    assert tried.code == 0, tried.out
    assert rows(tried)[-1]["type"] == "finish"
    wrong = {"CHIMERA_PROVIDERS__LLAMACPP__MODEL": str(tmp_path / "none.gguf")}
    check = await asyncio.to_thread(commands.run, "providers", "check", "llamacpp", **wrong)
    assert check.code == 1
    assert "there is no file or folder" in check.out


async def test_a_model_judges_plays_against_each_other(
    commands: Commands, tank: Tank, tmp_path: Path
) -> None:
    setup = tmp_path / "show.toml"
    setup.write_text('topic = "Why do we whistle?"\nturns = 2\n')
    for side in ("a", "b"):
        kept = ("lab", "run", str(setup), "--seeds", "2", "--out", str(tmp_path / side))
        assert (await run(commands, tank, *kept)).code == 0
    compared = ("lab", "compare", str(tmp_path / "a"), str(tmp_path / "b"), "--json", "--judge")
    judged = await run(commands, tank, *compared, "compatible/little-fish")
    assert judged.code == 0, judged.err
    # What the tank says is no verdict, so that both pairs are discarded.
    row = json.loads(judged.out)[-1]
    assert (row["judge"], row["pairs"], row["discarded"]) == ("compatible/little-fish", 2, 2)
    assert sum(each.method == "POST" for each in tank.requests) == 4
    refused = await run(commands, tank, *compared, "oracle/delphi")
    assert refused.code == 1
    assert "compatible" in refused.complaint
