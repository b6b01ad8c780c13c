"""`chimera talk`: a conversation in the terminal, the same each time for one seed."""

import json
from typing import Any

import pytest

from processes import Commands, Finished

SHORT = ("--turns", "6", "--pace", "instant", "--seed", "11")


def frames(done: Finished) -> list[dict[str, Any]]:
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def timeless(frame: dict[str, Any]) -> str:
    """A frame to the byte, but for when it was and how long it took."""
    body = {name: each for name, each in frame.get("body", {}).items() if name != "timings"}
    return json.dumps({**frame, "at": None, "body": body}, ensure_ascii=False)


def test_one_seed_gives_the_same_lines_to_the_byte(commands: Commands) -> None:
    first, second = (
        [timeless(each) for each in frames(commands.run("talk", "Why?", *SHORT, "--json"))]
        for _ in range(2)
    )
    assert first == second
    other = commands.run("talk", "Why?", *SHORT[:-1], "12", "--json")
    assert [timeless(each) for each in frames(other)] != first


def test_a_conversation_in_json_is_its_log(commands: Commands) -> None:
    events = [
        each
        for each in frames(commands.run("talk", "Why whistle?", *SHORT, "--json"))
        if each["kind"] == "event"
    ]
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    kinds = [each["type"] for each in events]
    assert kinds[:2] == ["conversation.created", "conversation.started"]
    assert kinds[-1] == "conversation.ended"
    assert kinds.count("message.completed") == 6
    assert all(each["body"]["scripted"] for each in events if each["type"] == "message.completed")


def test_without_waiting_the_planned_pauses_are_still_told(commands: Commands) -> None:
    done = commands.run("talk", "Why?", *SHORT, "--json")
    pauses = [
        each["body"]["pause_ms"] for each in frames(done) if each.get("type") == "turn.started"
    ]
    assert len(pauses) == 6
    # The minutes that people would have waited are not spent.
    assert sum(pauses) > 6_000
    assert done.seconds < sum(pauses) / 1000 + 5


def test_the_terminal_shows_a_play(commands: Commands) -> None:
    done = commands.run("talk", "Do fish get bored?", "--cast", "poet,chef", *SHORT)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[1:3] == ["Do fish get bored?", "with The Poet, The Chef"]
    assert {"POET", "CHEF"} <= set(lines)
    assert "[Curtain. All turns are over.]" in lines
    assert lines[-1] == "6 lines · improvised by the house, no model asked · seed 11"


def test_words_stream_at_their_pace(commands: Commands) -> None:
    done = commands.run(
        "talk", "Why?", "--turns", "1", "--speed", "8", "--seed", "3", "--json"
    )  # fmt: skip
    heard = frames(done)
    said = "".join(each["body"]["text"] for each in heard if each["type"] == "message.delta")
    [message] = [each for each in heard if each["type"] == "message.completed"]
    assert said
    assert message["body"]["text"].startswith(said)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("Why?", "--cast", "philosopher,nobody"), "cast.1.persona: There is no such persona."),
        (("Why?", "--cast", "poet,poet"), "cast.1.persona: This persona is in the cast already."),
        (("Why?", "--cast", "poet"), "cast: This needs at least 2."),
        (("Why?", "--cast", ",".join(["poet"] * 9)), "cast: This may hold 8 at most."),
        (("",), "topic: This needs at least 1 character."),
        (("x" * 501,), "topic: This may have 500 characters at most."),
        (("Why?", "--provider", "gods"), "cast.0.provider: There is no such provider."),
        (("Why?", "--provider", "gods", "--base-url", "http://127.0.0.1:1/v1"), "gods has no"),
        (("Why?", "--base-url", "over there"), "http://"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(
    commands: Commands, words: tuple[str, ...], sentence: str
) -> None:
    done = commands.run("talk", *words, *SHORT)
    assert done.code == 1
    assert sentence in done.complaint
    assert done.out == ""


def test_an_option_that_is_not_right_is_a_usage_error(commands: Commands) -> None:
    done = commands.run("talk", "Why?", "--turns", "0")
    assert done.code == 2
    assert "--turns" in done.err
    assert "Traceback" not in done.err
