import json
from pathlib import Path
from typing import Any

import pytest

from chimera.core import events as ev
from chimera.core.sequence import utf16_length
from replay_reducer import Reader

REPLAYS = sorted((Path(__file__).parents[2] / "contracts/replays").glob("*.json"))


def replay(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def read(path: Path) -> Reader:
    reader = Reader()
    for frame in replay(path)["frames"]:
        reader.take(frame)
    return reader


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_the_script_is_what_both_readers_must_make_of_it(path: Path) -> None:
    expected = replay(path)["expected"]
    outcome = read(path).expected()
    assert outcome == {key: expected[key] for key in outcome}


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_what_is_told_on_stage_is_what_was_told(path: Path) -> None:
    expected = replay(path)["expected"].get("directions")
    if expected is None:
        return
    told = [direction for _, direction in read(path).directions]
    assert len(told) == len(expected)
    for direction, wanted in zip(told, expected, strict=True):
        assert direction.items() >= wanted.items()


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_the_events_in_it_are_events_we_write(path: Path) -> None:
    frames = replay(path)["frames"]
    events = [each for frame in frames for each in frame.get("refill", [frame])]
    for event in events:
        known = event.get("kind", "event") == "event" and event["type"] in ev.BODIES
        if known and event["version"] == 1:
            ev.load_body(event["type"], event["version"], event["body"])


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_a_snapshot_counts_its_draft_as_a_browser_does(path: Path) -> None:
    for frame in replay(path)["frames"]:
        if draft := frame.get("draft"):
            assert draft["offset"] == utf16_length(draft["text"])


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_frames_that_come_twice_change_nothing(path: Path) -> None:
    story = replay(path)
    if any("refill" in frame for frame in story["frames"]):
        return  # while a refill is awaited, what is held is not yet seen
    reader = Reader()
    for frame in story["frames"]:
        reader.take(frame)
        if frame["kind"] == "event" or frame["type"] == "message.delta":
            reader.take(frame)
    assert reader.expected() == read(path).expected()


def test_there_are_stories_of_every_kind_of_trouble() -> None:
    assert len(REPLAYS) >= 8
    assert {replay(path)["name"] for path in REPLAYS} == {path.stem for path in REPLAYS}
