"""The alert rules and the dashboard: tested by Prometheus' own tool, about metrics that exist."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chimera.app import open_parts
from chimera.settings import load_settings

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy/monitoring"
RULES, TESTS = MONITORING / "alerts.yml", MONITORING / "alerts_test.yml"
BOARDS = sorted((MONITORING / "dashboards").glob("*.json"))
#: Told by Prometheus itself.
THEIRS = {"up"}
#: What an expression has in words besides metrics: functions, operators, labels, recorded ratios.
_STRINGS = re.compile(r'"[^"]*"')
_LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without|on|ignoring)\s*\([^)]*\)|\[[^\]]*\]")
_NAMES = re.compile(r"(?<![\w:])([a-z_][a-z0-9_:]*)\b(?!\s*\()")
_WORDS = {"and", "or", "unless", "by"}


def promtool(*words: str | Path, folder: Path = MONITORING) -> "subprocess.CompletedProcess[str]":
    """Prometheus' tool; the Makefile has `servers` fetch it."""
    found = shutil.which("promtool", path=f"{ROOT / '.stamps'}:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.fail("promtool is missing: run `make servers`, or install Prometheus.")
    command = [found, *map(str, words)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_every_rule_fires_when_it_should_and_only_then() -> None:
    checked = promtool("check", "rules", RULES.name)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool("test", "rules", TESTS.name)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_rule_that_is_wrong_is_found(tmp_path: Path) -> None:
    text = RULES.read_text()
    assert "chimera_turns_oldest_due_seconds) > 30" in text
    wrong = text.replace("chimera_turns_oldest_due_seconds) > 30", "chimera_turns_due) > 300")
    (tmp_path / RULES.name).write_text(wrong)
    shutil.copy(TESTS, tmp_path)
    assert promtool("test", "rules", TESTS.name, folder=tmp_path).returncode == 1


def rules() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_alert_is_tested_and_says_what_to_do() -> None:
    tests: list[dict[str, Any]] = yaml.safe_load(TESTS.read_text())["tests"]
    cases = [case for each in tests for case in each["alert_rule_test"]]
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len(alerts) >= 12
    for alert in alerts:
        told = [
            bool(case.get("exp_alerts")) for case in cases if case["alertname"] == alert["alert"]
        ]
        assert True in told, f"{alert['alert']} is never seen to fire"
        assert False in told, f"{alert['alert']} is never seen to be silent"
        assert alert["labels"]["severity"] in {"page", "ticket", "info"}
        assert "summary" in alert["annotations"]
        assert "action" in alert["annotations"] or alert["labels"]["severity"] == "info"


def names_in(expression: str) -> set[str]:
    """The metrics that an expression speaks of, recorded ones left out."""
    bare = _LABELS.sub("", _STRINGS.sub("", expression))
    return {name for name in _NAMES.findall(bare) if ":" not in name} - _WORDS


def test_the_reader_of_expressions_finds_metrics_and_nothing_else() -> None:
    assert names_in('histogram_quantile(0.99, sum by (le, who) (rate(a_bucket{x="y_z"}[5m])))') == {
        "a_bucket"
    }
    assert names_in("max(b_total) / max(c) >= 0.5 and a:b:c > 14.4 * 0.001") == {"b_total", "c"}
    assert names_in("time() - max by (i) (d_seconds) > 26 * 3600 or e < 1e9") == {"d_seconds", "e"}


def expressions() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]
    for path in BOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield target["expr"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all samples that a house which has just opened may ever export."""
    folder = tmp_path_factory.mktemp("house")
    settings = load_settings(
        server={"data_dir": folder}, providers={"discover": False}, redis={"url": None},
        database={"url": None},
    )  # fmt: skip

    async def text() -> str:
        async with open_parts(settings) as parts:
            await parts.lookout.look()
            return parts.lookout.exposition()[0].decode()

    told = asyncio.run(text())
    names: set[str] = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", told, re.MULTILINE):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names.update(name + ending for ending in endings)
    return names


def test_every_metric_that_is_asked_for_exists(exported: set[str]) -> None:
    asked = {name for each in expressions() for name in names_in(each)}
    assert len(asked) > 25
    assert asked - exported <= THEIRS


def test_every_metric_of_ours_is_explained_and_seen(exported: set[str]) -> None:
    ours = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for name in exported
        if name.startswith("chimera_") and not name.endswith("_created")
    }
    guide = (ROOT / "docs/guides/operations.md").read_text()
    told = set(re.findall(r"`(chimera_\w+)`", guide))
    assert ours == told
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for each in expressions() for name in names_in(each)
    }  # fmt: skip
    assert ours <= asked, "nobody looks at what is in neither"


def test_the_dashboard_has_panels_that_do_not_overlap() -> None:
    assert BOARDS
    for path in BOARDS:
        panels = json.loads(path.read_text())["panels"]
        assert len({each["id"] for each in panels}) == len(panels)
        taken: set[tuple[int, int]] = set()
        for each in panels:
            place = each["gridPos"]
            cells = {
                (place["x"] + x, place["y"] + y)
                for x in range(place["w"])
                for y in range(place["h"])
            }
            assert not taken & cells, each["title"]
            assert place["x"] + place["w"] <= 24
            taken |= cells
