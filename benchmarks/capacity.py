"""Write `docs/capacity.md` and its picture from what is kept of the benchmarks.

python -m benchmarks.capacity
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.table import RESULTS, ROOT, Row, cells_of

PAGE, PICTURE = ROOT / "docs/capacity.md", ROOT / "docs/images/capacity.svg"
PROSE = ROOT / "benchmarks/data/capacity.md"
#: The rows that are needed, by how they begin.
NEEDED = ("F1 ", "F4 ", "T6 own time per turn, cluster, 100 ", "J1 ", "J2 ", "J4 ")
#: Where the measured ones begin.
SCALE = ("T6 own time per turn, cluster", "F1", "F2", "F4", "F5", "F6", "J1", "J2", "J3", "J4",
         "library", "search", "resume", "open a conversation", "memory of 50")  # fmt: skip
#: A turn takes so long at the usual tempo.
TURN_S = 8.0
#: A process is full at this share of its core: what is above is for the unexpected.
FULL = 0.6
#: Pieces of text a second that a viewer is shown: by the usual tempo, by a quick one, by a model.
TEMPI = (5, 15, 50)
VIEWERS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
TALKS = (10, 100, 1_000, 10_000)
#: One delta in 40 ms at most, whatever the tempo.
MOST_FRAMES = 25


class Figures:
    """What was measured, and what follows from it."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._by = {
            need: next(each["figures"] for each in rows if each["what"].startswith(need))
            for need in NEEDED
        }
        held = (each["figures"] for each in rows if each["what"].startswith("F5 "))
        #: Kilobytes that a viewer holds; None where a run was too short to say.
        self.kb_each: float | None = next((each["kb_each"] for each in held if each), None)

    @property
    def us_alone(self) -> float:
        """Processor time of a piece that comes by itself, for one viewer."""
        return self._by["F1 "]["us_per_frame"]

    @property
    def us_dense(self) -> float:
        """The same where pieces come so densely that several travel as one."""
        return self._by["F4 "]["us_per_delta"]

    def us(self, tempo: int) -> float:
        return self.us_alone if tempo <= MOST_FRAMES else self.us_dense

    @property
    def ms_per_turn(self) -> float:
        return self._by["T6 own time per turn, cluster, 100 "]["cpu_ms_per_turn"]

    @property
    def caught_up_s(self) -> float:
        return self._by["J4 "]["last_s"]

    def appends(self, database: str) -> float:
        found = self._by["J1 " if database == "SQLite" else "J2 "]
        return max(value for name, value in found.items() if name.startswith("per_s_"))

    def web_cores(self, viewers: int, tempo: int) -> float:
        """Cores that only write to sockets, all viewers watching a line that is being said."""
        return viewers * tempo * self.us(tempo) / 1e6

    def processes(self, viewers: int, tempo: int) -> int:
        return max(1, math.ceil(self.web_cores(viewers, tempo) / FULL))

    def viewers_a_core(self, tempo: int) -> int:
        return int(FULL * 1e6 / (tempo * self.us(tempo)))

    def worker_cores(self, talks: int) -> float:
        return talks / TURN_S * self.ms_per_turn / 1000

    def talks_a_core(self) -> int:
        return int(FULL * TURN_S * 1000 / self.ms_per_turn)

    def writes(self, talks: int) -> float:
        """Appends a second: a start and a line each turn, and one for what people do."""
        return 3 * talks / TURN_S


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _growth(figures: Figures) -> dict[str, str]:
    viewers = [
        [f"{count:,}", *(f"{figures.web_cores(count, tempo):.2f} / "
                         f"{figures.processes(count, tempo):,}" for tempo in TEMPI),
         "–" if figures.kb_each is None else f"{count * figures.kb_each / 2**20:.2f}"]
        for count in VIEWERS
    ]  # fmt: skip
    talks = [
        [f"{count:,}", f"{count / TURN_S:,.1f}", f"{figures.worker_cores(count):.2f}",
         f"{figures.writes(count):,.0f}",
         f"{100 * figures.writes(count) / figures.appends('PostgreSQL'):.0f} %"]
        for count in TALKS
    ]  # fmt: skip
    return {
        "viewers": _table(
            ["viewers", *(f"{each}/s: cores / processes" for each in TEMPI), "memory, GB"], viewers
        ),
        "talks": _table(
            ["conversations", "turns a second", "worker cores", "appends a second",
             "of one process's appends"], talks,
        ),
    }  # fmt: skip


def _measured(rows: Sequence[Mapping[str, Any]]) -> str:
    kept = [Row(**{k: v for k, v in each.items() if k != "table"}) for each in rows]
    head, *body = [[cell.replace("|", "\\|") for cell in cells] for cells in cells_of(kept)]
    return _table(head, body)


def page(result: Mapping[str, Any], name: str) -> str:
    """The page for one kept result, which is in the file of that name."""
    rows = [each for each in result["rows"] if each["what"].startswith(SCALE)]
    figures = Figures(rows)
    machine = result["machine"]
    loads = [each["figures"]["load"] for each in rows if "load" in each["figures"]]
    return PROSE.read_text("utf-8").format(
        at=result["at"][:10], name=name, measured=_measured(rows), **_growth(figures),
        machine=f"{machine['cores']} cores, Python {machine['python']}, {machine['system']}",
        load_low=f"{min(loads):.1f}", load_high=f"{max(loads):.1f}", full=f"{FULL:.0%}",
        us_alone=f"{figures.us_alone:.1f}", us_dense=f"{figures.us_dense:.1f}",
        kb_each="–" if figures.kb_each is None else f"{figures.kb_each:.1f}",
        ms_per_turn=f"{figures.ms_per_turn:.1f}", talks_a_core=f"{figures.talks_a_core():,}",
        watching=", ".join(f"{figures.viewers_a_core(t):,} at {t}" for t in TEMPI),
        sqlite=f"{figures.appends('SQLite'):,.0f}",
        postgres=f"{figures.appends('PostgreSQL'):,.0f}",
        caught_up=f"{figures.caught_up_s:.1f}", turn=f"{TURN_S:.0f}",
        million=f"{figures.processes(1_000_000, 15):,}",
    )  # fmt: skip


# --- the picture ---------------------------------------------------------------------------------

_LEFT, _TOP, _WIDE, _HIGH = 70, 30, 600, 300
_COLOURS = ("#0b7a75", "#b5651d", "#8a1c5b")


def picture(figures: Figures) -> str:
    """Processes by viewers, both axes by powers of ten."""
    most = max(figures.processes(VIEWERS[-1], tempo) for tempo in TEMPI)
    decades = math.ceil(math.log10(most))

    def x(viewers: float) -> float:
        return _LEFT + _WIDE * math.log10(viewers / 1_000) / 3

    def y(cores: float) -> float:
        return _TOP + _HIGH * (1 - (math.log10(max(cores, 0.1)) + 1) / (decades + 1))

    parts = [_text(_LEFT, 18, "web cores, by viewers of lines that are being said", "start")]
    for power in range(-1, decades + 1):
        height = y(10.0**power)
        parts += [_line(_LEFT, height, _LEFT + _WIDE, height, "#8886"),
                  _text(_LEFT - 8, height + 4, f"{10.0**power:g}", "end")]  # fmt: skip
    for viewers in (1_000, 10_000, 100_000, 1_000_000):
        parts.append(_text(x(viewers), _TOP + _HIGH + 20, f"{viewers:,}", "middle"))
    for tempo, colour in zip(TEMPI, _COLOURS, strict=True):
        places = [(x(each), y(figures.web_cores(each, tempo))) for each in VIEWERS]
        points = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        parts.append(_text(places[-1][0] + 6, places[-1][1] + 4, f"{tempo}/s", "start", colour))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + 60}'
        f' {_TOP + _HIGH + 40}" font-family="system-ui, sans-serif" font-size="13" role="img"'
        f' aria-label="Web cores by viewers">\n<rect width="100%" height="100%" fill="#fffdf8"/>'
        f"\n{body}\n</svg>\n"
    )


def _line(left: float, top: float, right: float, bottom: float, colour: str) -> str:
    return (
        f'<line x1="{left:.1f}" y1="{top:.1f}" x2="{right:.1f}" y2="{bottom:.1f}"'
        f' stroke="{colour}"/>'
    )


def _text(left: float, top: float, words: str, anchor: str, colour: str = "#333") -> str:
    return (
        f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'
    )


def newest() -> tuple[dict[str, Any], str] | None:
    """The newest kept result that has all that is needed, and its file's name; None: none has."""
    kept = {path.name: json.loads(path.read_text("utf-8")) for path in RESULTS.glob("*.json")}
    whole = {
        name: each for name, each in kept.items()
        if all(any(_has(row, need) for row in each["rows"]) for need in NEEDED)
    }  # fmt: skip
    if not whole:
        return None
    name = max(whole, key=lambda each: whole[each]["at"])
    return whole[name], name


def _has(row: Mapping[str, Any], need: str) -> bool:
    """Whether it is the row, and ran to its end."""
    return row["what"].startswith(need) and bool(row.get("figures"))


def main() -> int:
    found = newest()
    if found is None:
        print("no kept run has all that is needed; make bench BENCH=T6-100,F1,F4,F5,J1,J2,J4")
        return 1
    result, name = found
    PAGE.write_text(page(result, name), "utf-8")
    PICTURE.write_text(picture(Figures(result["rows"])), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written from {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
