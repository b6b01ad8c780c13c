"""`chimera lab`: plays as JSON lines, kept in a folder, compared on a page."""

import json
from pathlib import Path

import pytest

from processes import Commands

TOML = 'topic = "Why do we whistle?"\nname = "{name}"\nturns = 6\ndirector = "{director}"\n'


@pytest.fixture
def setup(tmp_path: Path) -> Path:
    path = tmp_path / "show.toml"
    path.write_text(TOML.format(name="show", director="show"))
    return path


def test_plays_are_printed_as_json_lines_and_progress_beside_them(
    commands: Commands, setup: Path
) -> None:
    done = commands.run("lab", "run", str(setup), "--seeds", "2", "--turns", "4")
    assert done.code == 0, done.err
    plays = [json.loads(line) for line in done.out.splitlines()]
    assert [each["seed"] for each in plays] == [1, 2]
    assert all(each["measures"]["turns"] == 4 for each in plays)
    assert plays[0]["digest"] != plays[1]["digest"]
    assert "2/2  seed 2: 4 lines, ended: turns" in done.err


def test_a_folder_keeps_plays_goes_on_and_is_compared(
    commands: Commands, setup: Path, tmp_path: Path
) -> None:
    a, b, page = tmp_path / "a", tmp_path / "b", tmp_path / "report.html"
    assert commands.run("lab", "run", str(setup), "--seeds", "1", "--out", str(a)).code == 0
    again = commands.run("lab", "run", str(setup), "--seeds", "2", "--out", str(a))
    assert "seed 1:" not in again.err
    assert "2/2  seed 2" in again.err
    log = (a / "logs" / "000002.jsonl").read_text().splitlines()
    assert [json.loads(each)["seq"] for each in log] == list(range(1, len(log) + 1))

    # A line that a power cut has torn is played again.
    plays = a / "plays.jsonl"
    plays.write_text(plays.read_text()[:-20])
    torn = commands.run("lab", "run", str(setup), "--seeds", "2", "--out", str(a))
    assert "seed 2:" in torn.err

    other = tmp_path / "human.toml"
    other.write_text(TOML.format(name="human", director="human"))
    refused = commands.run("lab", "run", str(other), "--seeds", "2", "--out", str(a))
    assert refused.code == 1
    assert "another set-up" in refused.err
    assert commands.run("lab", "run", str(other), "--seeds", "2", "--out", str(b)).code == 0
    done = commands.run("lab", "compare", str(a), str(b), "--out", str(page))
    assert done.code == 0, done.err
    assert "few plays" in done.out
    assert page.read_text().startswith("<!doctype html>")
    rows = json.loads(commands.run("lab", "compare", str(a), str(b), "--json").out)
    assert {"turns", "gini"} <= {each["measure"] for each in rows}


@pytest.mark.parametrize(("text", "told"), [
    ('topic = "x"\nturns = 0', "turns: "),
    ('topic = "x"\ncast = [{persona = "poet", provider = "oracle"}, {persona = "chef"}]',
     "no provider 'oracle'"),
])  # fmt: skip
def test_a_wrong_set_up_is_refused_in_one_line(
    commands: Commands, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    done = commands.run("lab", "run", str(path))
    assert done.code == 1
    assert told in done.err
    assert len(done.err.splitlines()) == 1


def test_what_is_no_experiment_is_not_compared(commands: Commands, tmp_path: Path) -> None:
    done = commands.run("lab", "compare", str(tmp_path), str(tmp_path))
    assert done.code == 1
    assert "holds no plays" in done.err
