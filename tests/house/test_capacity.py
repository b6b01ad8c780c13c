"""The page of capacity says what the kept run says, and what follows from it."""

import pytest
from benchmarks import capacity


def test_page_and_picture_are_those_of_the_kept_run() -> None:
    found = capacity.newest()
    # Without such a run there is nothing to say.
    assert capacity.PAGE.exists() == capacity.PICTURE.exists() == (found is not None)
    if found is not None:
        result, name = found
        assert capacity.PAGE.read_text("utf-8") == capacity.page(result, name)
        drawn = capacity.picture(capacity.Figures(result["rows"]))
        assert capacity.PICTURE.read_text("utf-8") == drawn


def row(what: str, **figures: float) -> dict[str, object]:
    return {
        "table": "scale", "what": what, "goal": "≤ 1", "measured": "2", "ok": False,
        "figures": figures,
    }  # fmt: skip


ROWS = [
    row("F1 1,000 viewers", us_per_frame=10.0), row("F4 one", us_per_delta=5.0),
    row("F5 3,000", kb_each=20.0, load=4.0), row("J4 storm", last_s=2.0),
    row("T6 own time per turn, cluster, 100 conversations", cpu_ms_per_turn=8.0),
    row("J1 SQLite", per_s_1=10.0, per_s_64=3000.0, us_64=300.0),
    row("J2 PostgreSQL", per_s_1=900.0),
]  # fmt: skip


def test_the_arithmetic_is_linear_and_knows_that_dense_pieces_travel_together() -> None:
    figures = capacity.Figures(ROWS)
    assert figures.web_cores(1_000, 10) == pytest.approx(0.1)
    assert figures.web_cores(2_000, 10) == pytest.approx(0.2)
    # Closer together than 40 ms several travel as one, and each is cheaper.
    assert figures.web_cores(1_000, 50) == pytest.approx(0.25)
    assert figures.processes(1_000_000, 50) == 417
    assert figures.worker_cores(1_000) == pytest.approx(1.0)
    assert figures.talks_a_core() == 600
    assert figures.appends("SQLite") == 3000


def test_the_page_says_what_is_missed_and_where_it_comes_from() -> None:
    machine = {"cores": 2, "python": "3.11", "system": "Linux"}
    said = capacity.page({"at": "2026-11-22T12:00:00Z", "machine": machine, "rows": ROWS}, "a.json")
    assert said.count("MISSED") == len(ROWS)
    assert "](../benchmarks/results/a.json)" in said
    # A viewer's 20 kB, a million times.
    assert "| 19.07 |" in said
