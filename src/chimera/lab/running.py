"""Runs an experiment: a set-up over many seeds, kept play by play as JSON lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from chimera import __version__
from chimera.core import events as ev
from chimera.core.errors import Invalid
from chimera.lab.measures import measure
from chimera.lab.playing import NOWHERE, World, digest, play
from chimera.lab.setup import Setup

SETUP, PLAYS, LOGS = "setup.json", "plays.jsonl", "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is kept of one play."""

    seed: int
    ended: str
    digest: str
    measures: Mapping[str, float | None]


def run(
    setup: Setup, seeds: Iterable[int], world: World = NOWHERE
) -> Iterator[tuple[Result, Sequence[ev.Envelope]]]:
    """One play after the other."""
    for seed in seeds:
        log = play(setup, seed, world)
        yield (
            Result(seed=seed, ended=ended(log[-1].body), digest=digest(log), measures=measure(log)),
            log,
        )


def ended(last: ev.Body) -> str:
    """How a play came to its end, by its last event."""
    match last:
        case ev.ConversationEnded(because=because):
            return f"ended: {because}"
        case ev.ConversationPaused(because=because):
            return f"paused: {because}"
        case ev.TurnFailed(code=code):
            return f"hopeless: {code}"
        case _:
            raise AssertionError(f"a play does not end with {last.type}")


class Folder:
    """Where the plays of one set-up are kept; an interrupted run goes on there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def begin(cls, path: Path, setup: Setup) -> "Folder":
        """The folder for a set-up. Raises Invalid if it holds something else."""
        known = path / SETUP
        text = _dumped({"version": __version__, "setup": setup.model_dump(mode="json")})
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not known.exists():
                if any(path.iterdir()):
                    raise Invalid(f"{path} holds other things. Name an empty folder with --out.")
                (path / LOGS).mkdir()
                known.write_bytes(text)
        except OSError as error:
            raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
        folder = cls(path)
        if folder.setup != setup:
            raise Invalid(f"{path} holds plays of another set-up. Name another folder with --out.")
        return folder

    @property
    def setup(self) -> Setup:
        """Raises Invalid for a folder that no run has written."""
        try:
            found = orjson.loads((self.path / SETUP).read_bytes())
            return Setup.model_validate(found["setup"])
        except (OSError, ValueError, KeyError, TypeError):
            raise Invalid(f"{self.path} holds no plays of `chimera lab run`.") from None

    @property
    def results(self) -> list[Result]:
        """What is there; a last line that was cut off does not count."""
        found: dict[int, Result] = {}
        path = self.path / PLAYS
        for line in path.read_bytes().splitlines() if path.exists() else ():
            try:
                each = Result(**orjson.loads(line))
            except (ValueError, TypeError):
                continue
            found[each.seed] = each
        return [found[seed] for seed in sorted(found)]

    def log(self, seed: int) -> list[dict[str, Any]]:
        """The events of a play. Raises Invalid if its file is gone or damaged."""
        path = self.path / LOGS / f"{seed:06}.jsonl"
        try:
            return [orjson.loads(line) for line in path.read_bytes().splitlines()]
        except (OSError, ValueError):
            raise Invalid(f"{path} cannot be read.") from None

    def keep(self, result: Result, log: Sequence[ev.Envelope]) -> None:
        """Write a play down, its log first: what is listed is there."""
        lines = b"".join(_dumped(each.wire()) for each in log)
        (self.path / LOGS / f"{result.seed:06}.jsonl").write_bytes(lines)
        plays = self.path / PLAYS
        torn = plays.exists() and not plays.read_bytes().endswith((b"\n",)) and plays.stat().st_size
        with plays.open("ab") as file:
            file.write((b"\n" if torn else b"") + _dumped(asdict(result)))


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


#: Told after each play: how many are done, of how many, and the newest.
Progress = Callable[[int, int, Result], None]


def fill(folder: Folder, setup: Setup, seeds: int, world: World, told: Progress) -> int:
    """Play what is missing of so many seeds; how many were played."""
    done = {each.seed for each in folder.results}
    missing = [seed for seed in range(1, seeds + 1) if seed not in done]
    for place, (result, log) in enumerate(run(setup, missing, world), 1):
        folder.keep(result, log)
        told(seeds - len(missing) + place, seeds, result)
    return len(missing)
