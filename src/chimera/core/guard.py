"""What of a model's text may be shown: the speaker's own words, and nothing besides.

Always applied, to whole texts by `trim` and to pieces as they come by `Stream`, whose output is a
prefix of what `trim` gives in the end (`engine.md` section 14.4). `review` refuses copies and
leaks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chimera.core import cues, relations, signals, stance, untrusted
from chimera.core.conversation import Participant
from chimera.core.farewells import SENTENCE_END, open_farewell, without_farewells
from chimera.core.generation import Ending
from chimera.core.pacing import longest
from chimera.core.state import ConversationState

#: Two lines with a larger word-set Jaccard are one line twice.
NEAR_COPY = 0.6
OWN_LINES = 30
#: Share of a text's 4-grams that its speaker has used before.
REPEATS = 0.5
#: Share of a text's 8-grams that stand in the rules.
LEAKS = 0.6
#: The least that a stream holds back, so that no foreign name flashes up.
HELD_BACK = 24

_MARKS = r"[\W_]{0,8}"
_ROLES = (
    "User", "Human", "Host", "System", "Assistant", "Audience", "Viewer", "Narrator", "Director",
)  # fmt: skip
_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)
_THOUGHT = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.IGNORECASE | re.DOTALL)
_WISHES = re.compile(r"<want>[^<>]{0,20}</want>|<to>[^<>]{0,60}</to>", re.IGNORECASE)
_LONGEST_TAG = 96
_STARRED = re.compile(r"(?<!\*)\*(?![*\s])([^*\n]{1,120})\*(?!\*)")
_LEADING = re.compile(r"^\s*(?:\((?P<round>[^()\n]{1,80})\)|\[[^\[\]\n]{1,80}\])")
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "‘": "’", "'": "'"}
_STARRED_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """A text as it may be shown."""

    text: str
    #: The participant for whom the model went on to speak; treated as addressed.
    spoke_for: str | None
    ending: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """How the lines of others, and the speaker's own, begin when a model writes a script."""

    foreign: "re.Pattern[str]"
    own: "re.Pattern[str]"
    owners: dict[str, str]
    #: Every name, in lower case, for a line that may yet become a label.
    names: tuple[str, ...]
    held_back: int


def trim(
    text: str,
    speaker: Participant,
    cast: Sequence[Participant],
    *,
    words: int,
    ending: Ending,
    closing: bool = False,
) -> Trimmed:
    """The part of `text` that is the speaker's line of about `words` words. Idempotent.

    Stock farewells stay only where it is time for them (`closing`).
    """
    labels = _labels(speaker, cast)
    spoke_for: str | None = None
    while True:
        # A cut may leave what an earlier step removes, so go on until nothing changes.
        shorter, named = _own_words(text, labels, closing=closing)
        spoke_for = spoke_for or named
        shorter, torn = _shortened(_unwrapped(shorter), words)
        if torn:
            ending = "length"
        if ending == "length":
            shorter = _whole_sentences(shorter)
        if shorter == text:
            return Trimmed(text=text, spoke_for=spoke_for, ending=ending)
        text = shorter


class Stream:
    """The same for pieces: says what can be shown already."""

    def __init__(
        self,
        speaker: Participant,
        cast: Sequence[Participant],
        *,
        words: int | None = None,
        closing: bool = False,
    ) -> None:
        self._labels = _labels(speaker, cast)
        self._words = words
        self._closing = closing
        self._raw = ""
        self._shown = ""

    def feed(self, piece: str) -> str:
        """What of the text so far may be shown now and was not shown before."""
        self._raw += piece
        text, _ = _own_words(self._raw, self._labels, closing=self._closing)
        if self._words is not None:
            text, _ = _shortened(text, self._words)
        safe = self._settled(text)
        if len(safe) <= len(self._shown) or not safe.startswith(self._shown):
            return ""
        fresh, self._shown = safe[len(self._shown) :], safe
        return fresh

    def _settled(self, text: str) -> str:
        """The part that nothing that may still come can change."""
        end = min(
            len(text) - self._labels.held_back,
            _open_tag(text),
            _open_line(text, self._labels.names),
            len(text) if self._closing else open_farewell(text),
        )
        safe = text[: max(0, end)].rstrip()
        if self._words is not None:
            safe = _up_to_sentence(safe, self._words)
        return "" if _may_be_wrapped(safe) else safe


# --- the speaker's own words -------------------------------------------------------------------


@lru_cache(maxsize=256)
def _labels_of(own: tuple[str, ...], others: tuple[tuple[str, tuple[str, ...]], ...]) -> _Labels:
    mine = {name.casefold() for name in own}
    owners: dict[str, str] = {}
    for participant_id, names in others:
        for name in names:
            if name.casefold() not in mine:
                owners.setdefault(name.casefold(), participant_id)
    foreign = [*owners, *_ROLES]
    names = tuple({name.casefold() for name in (*own, *foreign)})
    return _Labels(
        foreign=_label(foreign, r"|\[(?:audience|host)\]"),
        own=_label(own, ""),
        owners=owners,
        names=names,
        held_back=max(HELD_BACK, max(len(name) for name in names) + 3),
    )


def _labels(speaker: Participant, cast: Sequence[Participant]) -> _Labels:
    others = tuple((each.id, each.names) for each in cast if each.id != speaker.id)
    return _labels_of(speaker.names, others)


def _label(names: Sequence[str], besides: str) -> "re.Pattern[str]":
    joined = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    aside = r"(?:\([^()\n]{0,40}\))?"
    label = rf"(?P<name>{joined})[*_]{{0,3}}\s*{aside}\s*[:：][*_]{{0,3}}"
    return re.compile(rf"\s*{_MARKS}(?:{label}{besides})\s*", re.IGNORECASE)


def _own_words(text: str, labels: _Labels, *, closing: bool) -> tuple[str, str | None]:
    """The text without anybody else's, and for whom it went on to speak."""
    spoke_for: str | None = None
    while True:
        shorter = untrusted.without_tokens(untrusted.plain(text))
        shorter = _WISHES.sub("", _THINKING.sub("", shorter))
        shorter = _STARRED.sub(_direction, _THOUGHT.sub("", shorter))
        shorter, again = _until_another(shorter, labels)
        spoke_for = spoke_for or again
        shorter = _tidy(shorter if closing else without_farewells(shorter))
        if shorter == text:
            return text, spoke_for
        text = shorter


def _direction(match: "re.Match[str]") -> str:
    """A stage direction goes; a word or two between stars are only stressed."""
    return "" if len(match.group(1).split()) >= _STARRED_WORDS else match.group()


def _until_another(text: str, labels: _Labels) -> tuple[str, str | None]:
    kept: list[str] = []
    for line in text.split("\n"):
        rest = _bare(line, labels)
        other = labels.foreign.match(rest)
        if other:
            name = (other.group("name") or "").casefold()
            return "\n".join(kept), labels.owners.get(name)
        kept.append(rest)
    return "\n".join(kept), None


def _bare(line: str, labels: _Labels) -> str:
    """A line without the speaker's own label and without directions before the words."""
    while True:
        if labels.foreign.match(line):
            return line
        own = labels.own.match(line)
        leading = own or _LEADING.match(line)
        if leading is None or not (own or _is_direction(leading)):
            return line
        line = line[leading.end() :]


def _is_direction(leading: "re.Match[str]") -> bool:
    """Whether it is one, as "(laughs)"; "(I know, I know.)" is speech."""
    inside = leading.group("round")
    return inside is None or (inside[:1].islower() and not SENTENCE_END.search(inside))


def _tidy(text: str) -> str:
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _unwrapped(text: str) -> str:
    """A line set in quotation marks as a whole is the line itself."""
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2 or text[-1] != closing:
        return text
    inside = text[1:-1]
    return text if text[0] in inside or closing in inside else inside.strip()


# --- length ------------------------------------------------------------------------------------


def _shortened(text: str, words: int) -> tuple[str, bool]:
    """The text within its limit, and whether a sentence had to be torn for it.

    Cut after the last sentence that ends within the limit but not before the target: so the first
    `words` words never change once they are shown.
    """
    limit = longest(words)
    places = [match.end() for match in re.finditer(r"\S+", text)]
    if len(places) <= limit:
        return text, False
    least, most = places[words - 1] if words else 0, places[limit - 1]
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    fitting = [end for end in ends if least <= end <= most]
    if fitting:
        return text[: fitting[-1]], False
    return re.sub(r"[,;:.–—-]$", "", text[:most]).rstrip() + "…", True


def _whole_sentences(text: str) -> str:
    """Without a last sentence that was cut short, if another stands before it."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def _up_to_sentence(text: str, words: int) -> str:
    """Up to the target word by word, beyond it sentence by sentence."""
    places = [match.end() for match in re.finditer(r"\S+", text)]
    if len(places) <= words:
        return text
    least = places[words - 1] if words else 0
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    # At the very end a point may still become a number or three points.
    return text[: max([least, *(end for end in ends if least <= end < len(text))])]


# --- what may still change in a stream ---------------------------------------------------------


def _open_tag(text: str) -> int:
    """Where something begins that may turn out to be a tag."""
    place = text.find("<", max(0, len(text) - _LONGEST_TAG))
    return len(text) if place < 0 else place


def _open_line(text: str, names: Sequence[str]) -> int:
    """Where something begins in the last line that its rest decides: a label, a direction."""
    start = text.rfind("\n") + 1
    line = text[start:]
    begun = re.sub(r"^[\W_]+", "", line).casefold()
    if any(name.startswith(begun) or _may_label(begun, name) for name in names):
        return start
    if line.lstrip()[:1] in {"(", "["} and _LEADING.match(line) is None and len(line) <= 90:
        return start
    star = line.find("*")
    return len(text) if star < 0 else start + star


def _may_label(begun: str, name: str) -> bool:
    return begun.startswith(name) and bool(
        re.fullmatch(r"[*_]{0,3}\s*(?:\([^()\n]{0,40}\)?)?\s*", begun[len(name) :])
    )


def _may_be_wrapped(text: str) -> bool:
    """Whether quotation marks at the beginning may turn out to hold the whole line."""
    closing = _QUOTES.get(text[:1])
    if closing is None:
        return False
    second = min(
        (place for mark in {text[0], closing} if (place := text.find(mark, 1)) > 0), default=-1
    )
    return second < 0 or not text[second + 1 :].strip()


# --- copies and leaks --------------------------------------------------------------------------


def review(
    text: str,
    state: ConversationState,
    speaker: Participant,
    *,
    rules: str = "",
    canary: str | None = None,
) -> str | None:
    """Why the line is refused; None if it is good.

    `empty`, `insult` (only where a quarrel has gone so far), `near_copy`, `repeats` or `leak`.
    """
    if not signals.tokens(text):
        return "empty"
    if _insults(text, state, speaker):
        return "insult"
    own = [line.text for line in state.lines if line.participant_id == speaker.id][-OWN_LINES:]
    before = [*own, *(line.text for line in state.lines[-1:])]
    if any(signals.jaccard(text, each) > NEAR_COPY for each in before):
        return "near_copy"
    if _repeats(text, own) > REPEATS:
        return "repeats"
    exempt = " ".join(speaker.character.sample_lines)
    return "leak" if leaks(text, rules, canary, exempt=exempt) else None


def _insults(text: str, state: ConversationState, speaker: Participant) -> bool:
    """Whether a line calls somebody names in a quarrel in which that is over."""
    if not relations.guarded(state.feelings.ties, speaker.id, state.finished):
        return False
    last = [line.participant_id for line in state.lines[-1:] if line.participant_id]
    cast = state.participants
    you = signals.addressed(text, cast, speaker.id, state.lines) or last
    listed = cues.lists_of(text, state.language) or "en"
    return bool(stance.insults(text, cast, speaker.id, you, listed=listed))


def _repeats(text: str, own: Sequence[str]) -> float:
    """Share of the 4-grams that the speaker has used before, in this line or in earlier ones."""
    runs = signals.ngrams(signals.tokens(text), 4)
    known = {run for each in own for run in signals.ngrams(signals.tokens(each), 4)}
    fresh = set(runs) - known
    return 1 - len(fresh) / len(runs) if runs else 0.0


def leaks(text: str, rules: str, canary: str | None, *, exempt: str = "") -> bool:
    """Whether a text gives away what the model was told, its own sample lines apart."""
    if canary and canary in text.casefold():
        return True
    runs = signals.ngrams(signals.tokens(text), 8)
    if not runs:
        return False
    told = set(signals.ngrams(signals.tokens(rules), 8))
    told -= set(signals.ngrams(signals.tokens(exempt), 8))
    return sum(run in told for run in runs) / len(runs) > LEAKS
