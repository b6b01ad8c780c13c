"""The pages tell the truth: what there is stands in them, and what stands in them is there."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import typer
from pydantic import BaseModel
from typer.core import TyperCommand, TyperGroup, TyperOption

import chimera.app
from chimera.api.errors import status_of
from chimera.cli import app as commands
from chimera.core import events as ev
from chimera.core.errors import ChimeraError
from chimera.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REFERENCE = ROOT / "docs/reference"
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))

#: Read by the development server of the web app and by tests, not by Chimera.
ELSEWHERE = {"CHIMERA_API", "CHIMERA_SEED"}
#: The live line and the copies of the health routes, which OpenAPI does not describe.
UNDESCRIBED = {("GET", "/live")}


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables by what stands between backticks in their first cell."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = [each.strip().replace(r"\|", "|") for each in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells[0].startswith("`"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                found[name] = cells[1:]
    return found


# -- settings ---------------------------------------------------------------------------------


def settings_of(model: type[BaseModel], prefix: str = "CHIMERA_") -> Iterator[tuple[str, Any]]:
    """Every setting with its default."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        alias: Any = field.validation_alias
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_of(kind, f"{prefix}{name.upper()}__")
        elif alias is not None:
            yield from ((str(choice), None) for choice in alias.choices)
        else:
            yield f"{prefix}{name.upper()}", field.default


def spelled(default: Any) -> str:
    """A default as its table writes it."""
    match default:
        case None | ():
            return "–"
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`{','.join(map(str, cast('tuple[object, ...]', default)))}`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`"


SETTINGS = dict(settings_of(Settings))


def test_every_setting_is_documented_with_its_default() -> None:
    documented = rows(page("settings.md"))
    assert set(documented) == set(SETTINGS)
    told = {name: documented[name][0] for name in SETTINGS if name.startswith("CHIMERA_")}
    assert told == {name: spelled(SETTINGS[name]) for name in told}


@each_page
def test_a_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bCHIMERA_[A-Z0-9_]*[A-Z0-9]\b(?!<)", path.read_text("utf-8")))
    assert named - ELSEWHERE <= set(SETTINGS)


# -- errors -----------------------------------------------------------------------------------


#: Errors are defined beside the doors that raise them; the composition root has loaded them all.
LOADED = chimera.app


def kinds_of(kind: type[ChimeraError]) -> Iterator[type[ChimeraError]]:
    if kind.__module__.startswith("chimera."):
        yield kind
    for each in kind.__subclasses__():
        yield from kinds_of(each)


def test_every_error_is_documented_with_its_status() -> None:
    documented = rows(page("errors.md"))
    for kind in kinds_of(ChimeraError):
        assert kind.code in documented, f"errors.md does not explain {kind.code}"
        if kind.__module__ == "chimera.api.live":
            continue  # on the socket there is no status
        status, retry = documented[kind.code][:2]
        error = kind.__new__(kind)
        assert (status, retry) == (str(status_of(error)), "yes" if kind.retryable else "no"), kind


def test_an_error_that_is_documented_exists() -> None:
    codes = {kind.code for kind in kinds_of(ChimeraError)}
    with_status = {code for code, cells in rows(page("errors.md")).items() if len(cells) == 3}
    assert with_status <= codes


def test_every_exit_code_is_documented() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/chimera").rglob("*.py"))
    given = set(re.findall(r"exit_code=(\d+)|typer\.Exit\((\d+)\)", source))
    codes = {first or second for first, second in given}
    running = (ROOT / "docs/guides/running.md").read_text("utf-8")
    documented = set(re.findall(r"^\| (\d+) \|", running, re.MULTILINE))
    assert len(codes) > 5
    assert codes <= documented


# -- events -----------------------------------------------------------------------------------


def test_every_event_is_documented_with_its_fields() -> None:
    documented = rows(page("events.md"))
    signals = set(get_args(ev.Signal.__dataclass_fields__["type"].type))
    assert set(documented) == set(ev.BODIES) | signals
    for name, body in ev.BODIES.items():
        fields = [field.alias or own for own, field in body.model_fields.items()]
        assert re.findall(r"`(\w+)`", documented[name][0]) == fields, name


# -- commands ---------------------------------------------------------------------------------


def commands_of(
    command: object, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    match command:
        case TyperGroup():
            for name, each in command.commands.items():
                yield from commands_of(each, (*path, name))
        case TyperCommand():
            yield path, command
        case _:
            raise AssertionError(f"{command!r} is no command")


COMMANDS = dict(commands_of(typer.main.get_command(commands)))


def options_of(command: TyperCommand) -> set[str]:
    # What is hidden is for our own processes, not for people.
    named = [each for each in command.params if isinstance(each, TyperOption) and not each.hidden]
    return {text for each in named for text in (*each.opts, *each.secondary_opts)}


def sections(text: str) -> dict[tuple[str, ...], str]:
    """What commands.md says of each command of the program."""
    parts = re.split(r"^### `chimera ([a-z ]+?)(?: \[?[A-Z]+\]?)*`$", text, flags=re.MULTILINE)
    return {tuple(name.split()): body for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_command_is_documented_with_its_options() -> None:
    documented = sections(page("commands.md"))
    assert set(documented) == set(COMMANDS)
    for name, text in documented.items():
        told = {option for option in rows(text) if option.startswith("--")}
        known = options_of(COMMANDS[name])
        assert known <= set(re.findall(r"`(--[a-z-]+)`", text)), name
        assert told <= known, name


def spoken_commands(text: str) -> Iterator[list[str]]:
    """Command lines of the program in code blocks and between backticks."""
    pieces = re.findall(r"`([^`\n]+)`", text)
    for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        pieces += block.replace("\\\n", " ").splitlines()
    for piece in pieces:
        found = re.search(r"(?:^|\s|\.venv/bin/)chimera (.*)", piece.partition("  #")[0].strip())
        if found:
            yield shlex.split(found[1].replace("…", "x"))


@each_page
def test_a_command_that_is_named_exists_and_has_these_options(path: Path) -> None:
    for words in spoken_commands(path.read_text("utf-8")):
        plain = [word for word in words if not word.startswith("-")]
        name = next((tuple(plain[:n]) for n in (2, 1) if tuple(plain[:n]) in COMMANDS), None)
        if name is None:
            groups = {each[0] for each in COMMANDS if len(each) > 1}
            assert plain[0] in groups, words
            assert len(plain) == 1, words
            continue
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= options_of(COMMANDS[name]) | {"--help"}, words


TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_make_target_that_explains_itself_is_documented() -> None:
    explained = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {name.removeprefix("make ") for name in rows(page("commands.md")) if "make" in name}
    assert told == explained


@each_page
def test_a_make_target_that_is_named_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    code = re.findall(r"`([^`\n]+)`", text)
    for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        code += block.splitlines()
    named = {
        word
        for each in code
        for found in re.findall(r"(?:^|\s)make((?: [A-Z]+=\S+)*)( [a-z]+)?", each)
        if (word := found[1].strip())
    }
    assert named <= TARGETS


# -- endpoints --------------------------------------------------------------------------------


def routes() -> set[tuple[str, str]]:
    document = json.loads((ROOT / "contracts/openapi.json").read_text("utf-8"))
    return {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, operations in document["paths"].items()
        for method in operations
    }


def test_every_endpoint_is_documented_and_none_that_is_not_there() -> None:
    told = re.findall(r"^\| `([A-Z]+) (/\S*)` \|", page("api.md"), re.MULTILINE)
    assert len(told) == len(set(told))
    assert set(told) == routes() | UNDESCRIBED


def test_every_field_of_a_new_conversation_is_documented() -> None:
    document = json.loads((ROOT / "contracts/openapi.json").read_text("utf-8"))
    wanted = document["components"]["schemas"]["CreateConversation"]["properties"]
    assert set(wanted) <= set(rows(page("api.md")))


# -- the pages themselves ---------------------------------------------------------------------


def test_the_readme_names_the_two_commands() -> None:
    blocks = re.findall(
        r"^```\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    lines = {line.partition("#")[0].strip() for block in blocks for line in block.splitlines()}
    assert {"make run", "make test"} <= lines


def anchors(path: Path) -> set[str]:
    """What one may link to on a page, as code hosts make it of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", each.lower()) for each in headings)
    return {each.strip().replace(" ", "-") for each in plain}


@each_page
def test_no_link_is_dead(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", text)
    for link in (first or second for first, second in links):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        assert there.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(there), link


def test_every_decision_is_listed_in_order() -> None:
    folder = ROOT / "docs/adr"
    pages = sorted(each.name for each in folder.glob("[0-9]*.md"))
    listed = re.findall(r"^\d+\. \[.+\]\((.+)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert listed == pages
    for number, name in enumerate(pages, 1):
        text = (folder / name).read_text("utf-8")
        assert name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context", "Decision", "Consequences",
        ]  # fmt: skip


def test_a_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        links = re.findall(r"\]\(([^)#:\s]+)", path.read_text("utf-8"))
        waiting += [(path.parent / link).resolve() for link in links]
    assert set(PAGES) <= seen
