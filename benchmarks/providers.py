"""What talking to model services costs, beside the services' own SDKs in the same run.

The service is a process of its own (`feed`), each caller a fresh one (`callers`); only the
callers' processor time counts. Ours and theirs take turns, and ratios are made of neighbours, so
that whatever else the machine does meets both. Figures are medians of the rounds.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.callers import PACED_STREAMS
from benchmarks.table import ROOT, Row

ROUNDS = 3
BURST_STREAMS = 20
MANY_STREAMS = 300
CANCELLED = 50
#: The slowest SDK takes twenty seconds on an idle machine; on a crowded one it never catches up.
PATIENCE_S = 90.0
#: Our adapter of a format, the SDK that speaks it, and how often they are compared.
PAIRS = (
    ("ours-chat", "openai", ROUNDS),
    ("ours-anthropic", "anthropic", 1),
    ("ours-gemini", "google-genai", 1),
    ("ours-ollama", "ollama", 1),
)
#: What a process has before it, and what it loads then.
ADAPTERS = (
    "from chimera.providers import anthropic, compatible, gemini, llamacpp, ollama, responses"
)
IMPORTS: Mapping[str, tuple[str, str]] = {
    "adapters": ("import aiohttp", ADAPTERS),
    "ours": ("", f"import aiohttp\n{ADAPTERS}"),
    "openai": ("", "import openai"),
    "anthropic": ("", "import anthropic"),
    "google-genai": ("", "from google import genai"),
    "ollama": ("", "import ollama"),
}
_IMPORT = """
import json, time, psutil
process = psutil.Process()
{before}
cpu, held = time.process_time(), process.memory_info().rss
{then}
cpu, held = time.process_time() - cpu, process.memory_info().rss - held
print(json.dumps(dict(ms=1000 * cpu, mb=held / 2**20)))
"""
Figures = dict[str, Any]


def rows() -> list[Row]:
    found = list[Row]()
    with _service() as port:
        for measure in (_paced, _many, _burst, _cancel):
            try:
                found += measure(port)
            except NotMeasured as error:
                what = f"providers: {measure.__name__.strip('_')}"
                found.append(Row(what=what, goal="measured", measured=str(error), ok=False))
    return [*found, *_imports()]


@contextmanager
def _service() -> Generator[str]:
    """A service that talks until the block ends; its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.feed"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the service cannot be spoken to")
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(PATIENCE_S)


class NotMeasured(Exception):
    """A caller that failed, or did not finish in time."""


def _call(stack: str, what: str, port: str, streams: int) -> Figures:
    """The figures of one caller in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.callers", stack, what, port, str(streams)]
    try:
        result = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotMeasured(f"did not finish in {PATIENCE_S:.0f} s") from error
    if result.returncode:
        raise NotMeasured(f"failed: {(result.stderr.splitlines() or ['in silence'])[-1][:80]}")
    return json.loads(result.stdout)


def _both(ours: str, theirs: str, what: str, port: str, streams: int, rounds: int) -> "Compared":
    """Ours and theirs in turns; a machine too busy for theirs does not spoil ours."""
    calls = list[tuple[Figures, Figures]]()
    trouble: NotMeasured | None = None
    for _ in range(rounds):
        mine = _call(ours, what, port, streams)
        try:
            calls.append((mine, _call(theirs, what, port, streams)))
        except NotMeasured as error:
            trouble = error
            calls.append((mine, {}))
    return Compared(calls, trouble)


class Compared:
    """The same run by two callers, several times."""

    def __init__(
        self, calls: Sequence[tuple[Figures, Figures]], trouble: NotMeasured | None
    ) -> None:
        self._calls = calls
        self._whole = [(ours, theirs) for ours, theirs in calls if theirs]
        self.trouble = str(trouble) if trouble and not self._whole else None

    def ours(self, name: str) -> float:
        return median(ours[name] for ours, _ in self._calls)

    def theirs(self, name: str) -> float:
        return median(theirs[name] for _, theirs in self._whole)

    def ratio(self, name: str) -> float:
        """How much more theirs costs."""
        return median(theirs[name] / ours[name] for ours, theirs in self._whole)


def _paced(port: str) -> list[Row]:
    found = list[Row]()
    for ours, theirs, rounds in PAIRS:
        got = _both(ours, theirs, "paced", port, PACED_STREAMS, rounds)
        cost = got.ours("us")
        found.append(
            Row(
                what=f"{ours}: CPU per chunk, {PACED_STREAMS} live streams at 50/s",
                goal="≤ 60 µs",
                measured=f"{cost:.0f} µs, p99 {got.ours('late_p99_ms'):.1f} ms late",
                ok=cost <= 60,
            )
        )
        found.append(_beside(got, theirs, judged=ours == "ours-chat"))
    return found


def _beside(got: Compared, theirs: str, *, judged: bool) -> Row:
    """What the same costs with an SDK."""
    what, goal = f"{theirs} SDK beside it", "≥ 3 times dearer" if judged else ""
    if got.trouble:
        return Row(what=what, goal=goal, measured=got.trouble, ok=None)
    ratio = got.ratio("us")
    told = f"{got.theirs('us'):.0f} µs, {ratio:.1f} times dearer"
    late = f"p99 {got.theirs('late_p99_ms'):.1f} ms late"
    return Row(what=what, goal=goal, measured=f"{told}, {late}", ok=ratio >= 3 if judged else None)


def _many(port: str) -> list[Row]:
    """So many streams at once that one core can just carry, and how well it does."""
    calls = [_call("ours-chat", "paced", port, MANY_STREAMS) for _ in range(ROUNDS)]
    share = median(each["share"] for each in calls)
    late = median(each["late_p99_ms"] for each in calls)
    told = f"{MANY_STREAMS / share:.0f} ({100 * share:.0f} % of a core, p99 {late:.0f} ms late)"
    return [
        Row(
            what=f"live streams of 50/s on one core, from {MANY_STREAMS} of them",
            goal=f"≥ {MANY_STREAMS}",
            measured=told,
            ok=share <= 1,
        )
    ]


def _burst(port: str) -> list[Row]:
    found = list[Row]()
    for ours, theirs, rounds in PAIRS:
        got = _both(ours, theirs, "burst", port, BURST_STREAMS, rounds)
        lag = got.ours("lag_p99_ms")
        found += [
            Row(
                what=f"{ours}: loop lag p99, {BURST_STREAMS} burst streams",
                goal="≤ 50 ms",
                measured=f"{lag:.0f} ms, {got.ours('us'):.1f} µs a chunk",
                ok=lag <= 50,
            ),
            Row(
                what=f"{theirs} SDK in bursts",
                goal="",
                measured=got.trouble
                or f"{got.theirs('lag_p99_ms'):.0f} ms, {got.theirs('us'):.0f} µs a chunk",
                ok=None,
            ),
        ]
    return found


def _cancel(port: str) -> list[Row]:
    return [_cancelled(port, "ours-chat", 50.0), _cancelled(port, "openai", None)]


def _cancelled(port: str, stack: str, goal: float | None) -> Row:
    """From leaving a stream to the end of its connection, as the service sees it."""
    _ended(port)
    left = _call(stack, "cancel", port, CANCELLED)["left"]
    ended = _ended(port)
    if len(ended) != len(left) or any(a > b for a, b in pairwise(ended)):
        measured = f"{len(ended)} of {len(left)} were closed"
        return Row(
            what=f"{stack}: cancel to socket closed", goal="all", measured=measured, ok=False
        )
    waits = sorted(1000 * (end - begin) for begin, end in zip(left, ended, strict=True))
    return Row(
        what=f"{stack}: cancel to socket closed, seen by the service, {len(waits)} times",
        goal=f"≤ {goal:.0f} ms" if goal else "",
        measured=f"median {median(waits):.1f} ms, max {waits[-1]:.1f} ms",
        ok=waits[-1] <= goal if goal else None,
    )


def _ended(port: str) -> list[float]:
    """When connections ended since this was last asked."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/ended", timeout=5) as answer:
        return json.load(answer)


def _imports() -> list[Row]:
    """What loading costs, in fresh processes whose modules are compiled."""
    found = list[Row]()
    for name, (before, then) in IMPORTS.items():
        code = _IMPORT.format(before=before, then=then)
        calls = [_python(code) for _ in range(ROUNDS + 1)][1:]
        ms, mb = median(each["ms"] for each in calls), median(each["mb"] for each in calls)
        judged = name == "adapters"
        found.append(
            Row(
                what="importing all adapters, beyond aiohttp" if judged else f"importing {name}",
                goal="≤ 100 ms CPU, ≤ 8 MB" if judged else "",
                measured=f"{ms:.0f} ms CPU, {mb:.1f} MB",
                ok=ms <= 100 and mb <= 8 if judged else None,
            )
        )
    return found


def _python(code: str) -> Figures:
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)
