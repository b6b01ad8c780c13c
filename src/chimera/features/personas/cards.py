"""Reads and writes personas as files: our own JSON, and character cards of other houses.

A card is data from strangers (`security.md` section 10): only fields we know are read, their text
is made plain, and a card that carries code or patterns to be run is refused. A PNG is never
decoded: its text chunks are walked, checked and read, and no pixel of it is looked at.
"""

import base64
import binascii
import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic import ValidationError

from chimera.api.errors import TooLarge, invalid_fields
from chimera.api.strict import parse
from chimera.core import untrusted
from chimera.core.errors import Invalid, Malformed
from chimera.core.persona import VARIABLES, Persona, check_name
from chimera.features.personas import portraits, schemas

OURS = "chimera.persona"
SPECS = {"chara_card_v2": "card_v2", "chara_card_v3": "card_v3"}
#: Bytes of a card after base64, and entries of its book.
LARGEST_CARD, MOST_LORE = 1024 * 1024, 1000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DATA_URL = "data:image/png;base64,"
#: Fields of a card that say nothing we have a place for.
_UNUSED = (
    "scenario", "creator_notes", "system_prompt", "post_history_instructions", "character_book",
    "alternate_greetings", "creator", "character_version", "assets", "group_only_greetings",
)  # fmt: skip
_MACRO = re.compile(r"\{\{\s*(char|user)\s*\}\}|<(char|user)>", re.IGNORECASE)
_SPOKEN = re.compile(r"^\s*(?:\{\{char\}\}|<char>)\s*:\s*(.+)$", re.IGNORECASE)

CardFormat = Literal["card_v2", "card_v3"]
Format = Literal["json", "card_v2", "card_v3", "card_v2_png", "card_v3_png"]
#: Pictures, by the cards in their text; who does not know the newest kind finds the one before.
PICTURES: Mapping[str, Mapping[str, CardFormat]] = {
    "card_v2_png": {"chara": "card_v2"},
    "card_v3_png": {"chara": "card_v2", "ccv3": "card_v3"},
}
#: What is of the house a file comes from, and not of the persona.
_LOCAL = frozenset({"slug", "plays_as", "remembers"})
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a file says, and the names of what it says in vain."""

    persona: schemas.CreatePersona
    dropped: tuple[str, ...] = ()


def read(wanted: schemas.ImportPersona) -> Read:
    """The persona of a file. Raises Invalid, Malformed or TooLarge."""
    if (wanted.card is None) == (wanted.png is None):
        raise Invalid("Send either a `card` or a `png`.")
    card: Json = wanted.card if wanted.card is not None else _from_png(_bytes(wanted.png or ""))
    if card.get("kind") == OURS:
        return _ours(card)
    if card.get("spec") in SPECS and isinstance(card.get("data"), dict):
        return _theirs(cast("Json", card["data"]))
    known = ", ".join([OURS, *SPECS])
    raise Invalid(f"This is no persona that we can read. Known are: {known}.", path="card")


def write(persona: Persona, form: Format) -> bytes:
    """The persona as a file of this form; drawing a picture takes a moment."""
    if form in PICTURES:
        texts = {
            keyword: base64.b64encode(_json(_card(persona, kind))).decode()
            for keyword, kind in PICTURES[form].items()
        }
        return portraits.draw(persona.mask, persona.color, texts)
    return _json(_whole(persona) if form == "json" else _card(persona, cast("CardFormat", form)))


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


# -- our own ----------------------------------------------------------------------------------


def _whole(persona: Persona) -> dict[str, Any]:
    return {"kind": OURS, "version": 1, "persona": persona.model_dump(mode="json")}


def _ours(card: Json, where: str = "card") -> Read:
    if card.get("version") != 1:
        raise Invalid("This was written by a newer Chimera.", path=f"{where}.version")
    fields = _object(card.get("persona")).items()
    here = {name: each for name, each in fields if name not in _LOCAL}
    return Read(persona=_valid(here, f"{where}.persona"))


def _object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _valid(fields: Json, where: str) -> schemas.CreatePersona:
    try:
        return schemas.CreatePersona.model_validate(fields)
    except ValidationError as error:
        found = invalid_fields(error.errors())
        raise type(found)([(f"{where}.{path}", told) for path, told in found.fields]) from None


# -- cards of others --------------------------------------------------------------------------


def _theirs(data: Json) -> Read:
    _refuse_programs(data)
    ours = _object(_object(data.get("extensions")).get(OURS))
    if ours.get("kind") == OURS:
        return _ours(ours, f"card.data.extensions.{OURS}")
    name = _name(data.get("name"))
    spoken = list(_lines(data))
    fields = {
        "name": name,
        "about": _text(data.get("description"), 800),
        "voice": _text(data.get("personality"), 800),
        "expertise": _tags(data.get("tags")),
        "sample_lines": spoken[:40],
    }
    dropped = [each for each in _UNUSED if data.get(each)]
    if len(untrusted.clean(str(data.get("description") or ""), 100_000)) > 800:
        dropped.append("description beyond 800 characters")
    return Read(persona=_valid(fields, "card.data"), dropped=tuple(dropped))


def _refuse_programs(data: Json) -> None:
    told = _object(data.get("extensions"))
    for each in ("regex_scripts", "scripts", "TavernHelper_scripts"):
        if told.get(each):
            raise Invalid(
                "This card carries scripts or patterns to be run; nothing of a card is run here.",
                path=f"card.data.extensions.{each}",
            )
    entries = _object(data.get("character_book")).get("entries")
    lore = cast("list[object]", entries) if isinstance(entries, list) else []
    if len(lore) > MOST_LORE:
        raise TooLarge(f"A card's book has {MOST_LORE} entries at most.")
    if any(_object(each).get("use_regex") for each in lore):
        raise Invalid(
            "This card's book carries patterns to be run.", path="card.data.character_book"
        )


def _name(value: object) -> str:
    text = untrusted.name(value) if isinstance(value, str) else ""
    bare = "".join(each if each.isalnum() or each in " .'’-" else " " for each in text)
    name = " ".join(bare.split())[:60].strip(" .'’-")
    try:
        return check_name(name)
    except ValueError as error:
        raise Invalid(f"{error}.", path="card.data.name") from None


def _text(value: object, limit: int) -> str:
    """Plain text of a card; its own macros become our variables, no other brace stays."""
    text = value if isinstance(value, str) else ""
    marked = _MACRO.sub(lambda found: _macro((found[1] or found[2]).casefold()), text)
    plain = untrusted.clean(marked, limit).replace("{", "(").replace("}", ")")
    return plain.replace("\ue000", "{").replace("\ue001", "}")


def _macro(name: str) -> str:
    # Set apart by private characters, which nothing else in a plain text may be.
    return "the audience" if name == "user" else "\ue000name\ue001"


def _tags(value: object) -> list[str]:
    tags = cast("list[object]", value) if isinstance(value, list) else []
    texts = (untrusted.one_line(each, 60) for each in tags if isinstance(each, str))
    return list(dict.fromkeys(each for each in texts if each))[:40]


def _lines(data: Json) -> Iterator[str]:
    """What the character says itself in its examples, and its greeting."""
    examples, greeting = data.get("mes_example"), data.get("first_mes")
    said = examples.splitlines() if isinstance(examples, str) else []
    spoken = [found[1] for each in said if (found := _SPOKEN.match(each))]
    for text in [*spoken, *([greeting] if isinstance(greeting, str) else [])]:
        own = re.sub(r"\*[^*\n]{0,400}\*", " ", text)
        line = untrusted.one_line(_MACRO.sub("you", own), 400).strip('"“” ')
        if line:
            yield line.replace("{", "(").replace("}", ")")


def _card(persona: Persona, form: CardFormat) -> dict[str, Any]:
    """A card as others read it; it keeps ours whole under its own name."""
    examples = "\n".join(f"<START>\n{{{{char}}}}: {line}" for line in persona.sample_lines)
    data: dict[str, Any] = {
        "name": persona.name, "description": _theirs_of(persona.about),
        "personality": _theirs_of(persona.voice), "scenario": "", "first_mes": "",
        "mes_example": examples, "creator_notes": persona.tagline, "system_prompt": "",
        "post_history_instructions": "", "alternate_greetings": [], "creator": "",
        "character_version": "1", "tags": list(persona.expertise),
        "extensions": {OURS: _whole(persona)},
    }  # fmt: skip
    if form == "card_v3":
        data |= {"group_only_greetings": []}
    spec = "chara_card_v2" if form == "card_v2" else "chara_card_v3"
    return {"spec": spec, "spec_version": "2.0" if form == "card_v2" else "3.0", "data": data}


def _theirs_of(text: str) -> str:
    """Their macros in the places of our variables."""
    words = {name: told for name, told in VARIABLES.items() if name not in {"name", "short"}}
    for name in ("name", "short"):
        text = text.replace(f"{{{name}}}", "{{char}}")
    for name, told in words.items():
        text = text.replace(f"{{{name}}}", told)
    return text


# -- PNG --------------------------------------------------------------------------------------


def _bytes(url: str) -> bytes:
    if not url.startswith(_DATA_URL):
        raise Invalid("A PNG comes as a data URL in base64.", path="png")
    try:
        return binascii.a2b_base64(url[len(_DATA_URL) :], strict_mode=True)
    except binascii.Error:
        raise Invalid("This is not valid base64.", path="png") from None


def _from_png(data: bytes) -> Json:
    """The newest kind of card among the text chunks."""
    found = dict(_texts(data))
    encoded = found.get(b"ccv3") or found.get(b"chara")
    if encoded is None:
        raise Invalid("This picture carries no character card.", path="png")
    try:
        card = parse(binascii.a2b_base64(encoded))
    except (binascii.Error, Malformed):
        raise Invalid("The card in this picture cannot be read.", path="png") from None
    if not isinstance(card, dict):
        raise Invalid("The card in this picture cannot be read.", path="png")
    return cast("Json", card)


def _texts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The text chunks of a PNG by their keywords. Raises Invalid for a file that is broken."""
    if not data.startswith(_SIGNATURE):
        raise Invalid("This is no PNG.", path="png")
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        end = at + 8 + length
        if end + 4 > len(data):
            break
        if struct.unpack_from(">I", data, end)[0] != zlib.crc32(kind + body):
            raise Invalid("This PNG is damaged: a checksum is wrong.", path="png")
        if kind == b"tEXt":
            keyword, _, text = body.partition(b"\0")
            # Four characters of base64 are three bytes.
            if keyword in {b"chara", b"ccv3"} and len(text) * 3 // 4 > LARGEST_CARD:
                raise TooLarge("The card in this picture is larger than 1 MiB.")
            yield keyword, text
        if kind == b"IEND":
            return
        at = end + 4
    raise Invalid("This PNG breaks off.", path="png")
