"""Make text from outside plain before anybody reads it: a viewer's, a card's, a model's.

Plain means one way to write each letter, no invisible characters and no marks that a model could
take for the edge between its instructions and somebody's speech (`engine.md` section 15).
"""

import re
import unicodedata

#: Characters of a viewer's message that reach a prompt.
VIEWER_CHARS = 500
NAME_CHARS = 60

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
#: Zero-width joiners make emoji families and the letters of some scripts: there they stay.
_JOINED = re.compile("[\u0600-\u0fff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")
_TOKENS = re.compile(
    r"<\|[^|<>\n]{0,40}\|>|</?s>|<</?SYS>>|\[/?INST\]|<(?:start|end)_of_turn>|`{3,}\w*|~{3,}",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"^[\s>*_#\"'-]*(?:system|assistant|user|developer|human|host|tool|instructions?)"
    r"[*_]{0,3}\s*[:：][*_]{0,3}[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)


def plain(text: str) -> str:
    """Normal form C, lines that end in a newline, nothing invisible."""
    text = _NEWLINES.sub("\n", text).replace("\t", " ")
    text = _INVISIBLE.sub(lambda match: _kept(text, match), text)
    return unicodedata.normalize("NFC", text)


def _kept(text: str, match: "re.Match[str]") -> str:
    joiner = match.group() in "\u200c\u200d" and match.start() > 0
    return match.group() if joiner and _JOINED.match(text[match.start() - 1]) else ""


def without_tokens(text: str) -> str:
    """The text without the marks that chat templates are made of."""
    while (shorter := _TOKENS.sub("", text)) != text:
        text = shorter
    return text


def check(text: str) -> str:
    """A text that needs no cleaning: for what people write to stay. Raises ValueError."""
    text = unicodedata.normalize("NFC", text)
    if _INVISIBLE.sub(lambda match: _kept(text, match), text) != text:
        raise ValueError("This holds invisible characters, which a text here may not have.")
    if without_tokens(text) != text:
        raise ValueError("This holds marks with which models tell rules from speech, like <|…|>.")
    if _ROLE.search(text):
        raise ValueError("A line of this begins like a label, such as “system:”; put it otherwise.")
    return text


def clean(text: str, limit: int = VIEWER_CHARS) -> str:
    """The text as a value for a prompt: without tokens, role labels and excess."""
    text = plain(text)
    while (shorter := _ROLE.sub("", without_tokens(text))) != text:
        text = shorter
    return text[:limit].strip()


def one_line(text: str, limit: int = VIEWER_CHARS) -> str:
    """The same in one line, so that nothing in it can look like the line of another speaker."""
    return " ".join(clean(text, limit).split())


def name(text: str) -> str:
    """A name that cannot end its own label."""
    return one_line(re.sub(r"[\[\]:：<>|\n]", " ", plain(text)), NAME_CHARS) or "somebody"
