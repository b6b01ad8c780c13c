"""`chimera personas`: personas as files, in and out."""

import json
from pathlib import Path

from processes import Commands


def test_a_persona_goes_out_and_comes_in_again(commands: Commands, tmp_path: Path) -> None:
    out = commands.run("personas", "export", "comedian")
    card = json.loads(out.out)
    card["persona"]["name"] = "Coco the Second"
    file = tmp_path / "coco.json"
    file.write_text(json.dumps(card))
    done = commands.run("personas", "import", str(file), "--json")
    assert json.loads(done.out)["slug"] == "coco-the-second"
    rows = commands.run("personas", "list", "--json").out.splitlines()
    listed = [json.loads(row) for row in rows]
    assert (listed[-1]["slug"], listed[-1]["own"], listed[-1]["version"]) == (
        "coco-the-second", True, 1,
    )  # fmt: skip
    shown = commands.run("personas", "show", "coco-the-second").out
    assert "Coco the Second" in shown
    assert "humour 0.95" in shown


def test_a_persona_goes_out_as_a_picture_and_comes_in_again(
    commands: Commands, tmp_path: Path
) -> None:
    file = tmp_path / "poet.png"
    done = commands.run("personas", "export", "poet", "--format", "card_v3_png", "--out", str(file))
    assert (done.code, done.out) == (0, "")
    taken = json.loads(commands.run("personas", "import", str(file), "--json").out)
    assert (taken["slug"], taken["dropped"]) == ("poet-2", [])
    nowhere = commands.run("personas", "export", "poet", "--out", str(tmp_path / "no" / "where"))
    assert nowhere.code == 1
    assert "cannot be written" in nowhere.complaint


def test_what_cannot_be_done_is_said_in_a_line(commands: Commands, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"spec": "nothing"}')
    for words, told in (
        (("show", "nobody"), "no such persona"),
        (("import", str(tmp_path / "none.json")), "cannot be read"),
        (("import", str(bad)), "no persona that we can read"),
    ):
        done = commands.run("personas", *words)
        assert done.code == 1
        assert told in done.complaint
