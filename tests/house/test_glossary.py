"""One word for each thing: the words the glossary bans do not stand in code or on screen."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Banned as whole identifiers or words; the field's own protocols and libraries keep theirs.
BANNED = (
    "chatroom", "chat_room", "bot", "orchestrator", "utterance", "spectator",
    "stand_in", "prefetch_text", "vendor", "addon",
)  # fmt: skip
SOURCES = [
    path
    for folder, pattern in (("src/chimera", "*.py"), ("web/src", "*.ts"), ("web/src", "*.tsx"))
    for path in (ROOT / folder).rglob(pattern)
    if ".gen." not in path.name and path.name not in {"schema.d.ts", "glossary.test.ts"}
]


@pytest.mark.parametrize("word", BANNED)
def test_a_banned_word_is_not_used(word: str) -> None:
    pattern = re.compile(rf"(?<![a-z]){word}s?(?![a-z])", re.IGNORECASE)
    users = [str(path.relative_to(ROOT)) for path in SOURCES if pattern.search(path.read_text())]
    assert SOURCES
    assert not users


def test_the_repository_names_no_registry_and_no_machine() -> None:
    places = re.compile(r"(^|[^.\w])/(work|farm|tmp/bash_jobs)/|registry\.npmjs|pypi\.org/simple")
    tracked = [
        path
        for pattern in ("*.py", "*.ts", "*.tsx", "*.md", "*.json", "*.toml", "*.lock", "Makefile")
        for folder in ("src", "tests", "docs", "web/src", "web/scripts", "contracts", "benchmarks")
        for path in (ROOT / folder).rglob(pattern)
        if path.name != "test_glossary.py" and "node_modules" not in path.parts
    ]
    tracked += [*ROOT.glob("*.md"), *ROOT.glob("*.lock"), ROOT / "web/package-lock.json"]
    named = [str(path.relative_to(ROOT)) for path in tracked if places.search(path.read_text())]
    assert not named
