"""The rows that need a corpus, on made-up ones."""

import json
from pathlib import Path
from random import Random

import pytest
from benchmarks import timing
from benchmarks.timing import Gap

WORDS = (1, 3, 7, 14, 22)


def chains(seed: int) -> list[list[Gap]]:
    """Rooms in which people write lines of many lengths, with no time between them yet."""
    random = Random(seed)
    return [
        [Gap(1.0, random.choice(WORDS), random.choice(WORDS)) for _ in range(60)] for _ in range(30)
    ]


def timed(rooms: list[list[Gap]], seconds: list[float]) -> list[list[Gap]]:
    left = iter(seconds)
    return [[Gap(next(left), each.words, each.before) for each in room] for room in rooms]


def test_gaps_drawn_as_ours_are_not_told_from_ours() -> None:
    rooms = chains(1)
    ours = timed(rooms, [each for room in rooms for each in timing.planned([room], 77)])
    assert timing.told_apart(ours, 1) < 0.65


def test_gaps_of_a_machine_are_told_from_ours() -> None:
    rooms = chains(1)
    even = timed(rooms, [2.0 + 0.2 * each.words for room in rooms for each in room])
    assert timing.told_apart(even, 1) > 0.9


def test_stretches_are_runs_of_a_room() -> None:
    room = [Gap(float(place), 3, 3) for place in range(50)]
    for few in timing.stretches([room]):
        assert len(few) == timing.TALKS
        for run in few:
            start = int(run[0].seconds)
            assert list(run) == room[start : start + timing.STRETCH]


def test_a_corpus_gives_every_row(tmp_path: Path) -> None:
    random, at, lines = Random(3), 0.0, list[str]()
    for place in range(400):
        at += random.expovariate(1 / 8) + 0.5
        text = " ".join(
            random.choice(("tea", "fog", "lamp", "why", "no")) for _ in range(random.randint(2, 20))
        )
        lines.append(json.dumps({"at": at, "by": f"p{(place * 7) % 3}", "text": text}))
    (tmp_path / "held-one.jsonl").write_text("\n".join(lines))
    names = [row.what for row in timing.rows(tmp_path)]
    assert any("20 seeds × 100 stretches × 20 gaps" in name for name in names)
    assert any("AUC (logistic)" in name for name in names)


def test_a_line_that_is_no_message_is_named(tmp_path: Path) -> None:
    (tmp_path / "held-one.jsonl").write_text('{"at": 1}')
    with pytest.raises(ValueError, match=r"held-one\.jsonl, line 1"):
        timing.rows(tmp_path)
