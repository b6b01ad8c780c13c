"""Directors of installed packages: only those that are named, and never the show's problem."""

import importlib
import itertools
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from chimera.core import floor
from chimera.core.director import Speak
from chimera.core.errors import PluginFailed, Unready
from chimera.core.floor import Counsel
from chimera.core.schemes import SCHEMES, SHOW, Scheme, View
from chimera.lab.headless import Headless, random_words, seat
from chimera.plugins import Weighing, load_directors
from fakes import FakeClock

PACKAGE = Path(__file__).parents[2] / "plugins/example-director"
CAST = tuple(seat(index) for index in range(4))


@pytest.fixture(scope="session")
def roundtable(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    """The example, installed as a stranger would, and loaded as the house does."""
    folder = tmp_path_factory.mktemp("directors")
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--target", folder]
    subprocess.run([*command, "--python", sys.executable, PACKAGE], check=True)
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return load_directors(["roundtable"], clock=FakeClock())["roundtable"]


def package(folder: Path, source: str) -> None:
    """A package with one director, `mine`, installed in a folder."""
    (folder / "mine_2").mkdir()
    (folder / "mine_2/__init__.py").write_text(
        f"from chimera.core.schemes import *\nfrom dataclasses import replace\n{source}\n"
    )
    about = folder / "mine_2-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-2\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[chimera.directors]\nmine = mine_2:MINE\n")


def waits(director: str, counsel: Counsel) -> float:
    """How unevenly turns come: the longest wait of anybody in some plays."""
    longest = 0
    for seed in range(4):
        play = Headless(CAST, seed=seed, director=director, counsel=counsel)
        order = [each.speak.participant_id for each in play.run(60, random_words(seed)).played]
        for each in CAST:
            turns = [place for place, who in enumerate(order) if who == each.id]
            longest = max(longest, *(b - a for a, b in itertools.pairwise(turns)))
    return longest


def test_the_example_directs_in_its_own_way(roundtable: Scheme) -> None:
    counsel = Counsel(schemes={**SCHEMES, "roundtable": roundtable})
    assert waits("roundtable", counsel) < waits("show", counsel)
    play = Headless(CAST, seed=1, director="roundtable", counsel=counsel)
    turns = play.run(20, random_words(1)).played
    assert not any(each.speak.directed_by for each in turns)
    assert {"addressed", "owed", "waiting", "topic"} == set(turns[5].speak.bids[0].terms)


def test_the_house_has_its_own_directors_without_any_package() -> None:
    assert load_directors([], clock=FakeClock()) == SCHEMES


def test_a_name_that_nobody_offers_is_told_with_the_nearest(roundtable: Scheme) -> None:
    with pytest.raises(Unready, match=f"did you mean {roundtable.name}") as caught:
        load_directors(["rondtable"], clock=FakeClock())
    assert caught.value.exit_code == 2


def test_a_package_cannot_take_the_place_of_a_director_of_the_house() -> None:
    with pytest.raises(Unready, match="show is a director of the house"):
        load_directors(["show"], clock=FakeClock())


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("", "AttributeError"),
        ("MINE = 7", "that is no Scheme"),
        ("MINE = SHOW", "not named mine"),
        ("MINE = replace(SHOW, name='mine', description='')", "without a description"),
        ("MINE = replace(SHOW, name='mine', temperature=0)", "out of bounds"),
        ("MINE = replace(SHOW, name='mine', slope=float('nan'))", "out of bounds"),
        ("MINE = replace(SHOW, name='mine', patience=1000)", "patience"),
    ],
)
def test_a_director_that_cannot_direct_stops_the_start_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, told: str
) -> None:
    package(tmp_path, source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_2", raising=False)
    with pytest.raises(Unready, match=told) as caught:
        load_directors(["mine"], clock=FakeClock())
    assert caught.value.exit_code == 2


# --- bad days ------------------------------------------------------------------------------------


class Moody:
    """Weighs until it is told to fail in one way or another."""

    def __init__(self, clock: FakeClock) -> None:
        self.says: object = {"energy": 1.0}
        self.error: Exception | None = None
        self.takes = 0.0
        self.asked = 0
        self._clock = clock

    def __call__(self, _view: View) -> Mapping[str, float]:
        self.asked += 1
        self._clock.advance(self.takes)
        if self.error is not None:
            raise self.error
        return self.says  # pyright: ignore[reportReturnType]  # a plugin may say anything


def moody() -> tuple[FakeClock, Moody, Weighing, Headless]:
    clock = FakeClock()
    mine = Moody(clock)
    weighing = Weighing(replace(SHOW, name="mine", terms=mine), clock)
    schemes = {**SCHEMES, "mine": replace(SHOW, name="mine", terms=weighing)}
    return clock, mine, weighing, Headless(CAST, director="mine", counsel=Counsel(schemes=schemes))


def next_turn(play: Headless) -> Speak:
    play.run(len(play.played) + 1, random_words(len(play.played)))
    return play.played[-1].speak


@pytest.mark.parametrize(
    "nonsense",
    [None, 7, {}, {"charm": 1.0}, {"energy": "much"}, {"energy": math.nan}, {"energy": 1e9},
     {"director": 1.0}],
)  # fmt: skip
def test_nonsense_is_a_turn_for_show_and_counted(nonsense: object) -> None:
    _, mine, weighing, play = moody()
    assert next_turn(play).directed_by is None
    mine.says = nonsense
    spoken = next_turn(play)
    assert spoken.directed_by is not None
    assert spoken.directed_by.why == "failed"
    assert weighing.failures >= 1
    mine.says = {"energy": 1.0}
    assert next_turn(play).directed_by is None


def test_one_that_raises_rests_after_some_failures_and_may_try_again() -> None:
    clock, mine, weighing, play = moody()
    mine.error = RuntimeError("no idea")
    told = [next_turn(play).directed_by for _ in range(12)]
    whys = [each.why for each in told if each is not None]
    assert len(whys) == 12
    assert whys[0] == "failed"
    assert whys[-1] == "resting"
    assert weighing.failures == 5
    asked = mine.asked
    next_turn(play)
    assert mine.asked == asked
    mine.error = None
    clock.advance(61)
    assert next_turn(play).directed_by is None


def test_one_that_takes_long_holds_nobody_up_for_ever() -> None:
    _, mine, _, play = moody()
    mine.takes = 0.2
    whys = {directed_by.why for _ in range(10) if (directed_by := next_turn(play).directed_by)}
    assert whys == {"failed", "resting"}
    assert mine.asked == 5


def test_failures_far_apart_are_forgiven() -> None:
    clock, mine, weighing, play = moody()
    view = floor.survey(play.state)[0].view
    mine.error = RuntimeError("no idea")
    for _ in range(12):
        clock.advance(100)
        with pytest.raises(PluginFailed) as caught:
            weighing(view)
        assert caught.value.details["because"] == "failed"
