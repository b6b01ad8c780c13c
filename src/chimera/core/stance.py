"""How a line stands to the others: for or against whom, how warmly, how loudly.

Counted cues (`engine.md` section 6). Sarcasm defeats them, and what is not clear is unknown, which
is not the same as neutral.
"""

from collections.abc import Sequence
from typing import Protocol

from chimera.core import cues, reading, signals
from chimera.core.conversation import Participant
from chimera.core.events import MessageSignals, StanceRef
from chimera.core.ports import Sentiment

#: A weaker stance is not known.
KNOWN = 0.3
CUE, MOOD = 0.7, 0.3


class Said(signals.Spoken, Protocol):
    """What is read of an earlier line, its words included."""

    @property
    def text(self) -> str: ...


def read(
    found: MessageSignals,
    text: str,
    cast: Sequence[Participant],
    speaker_id: str,
    lines: Sequence[Said],
    sentiment: Sentiment,
    *,
    topic: str = "",
    spoken: str | None = None,
) -> MessageSignals:
    """The signals of a participant's line, with all that its words give away.

    `spoken` is the language of the conversation. Only English has a known sentiment, and a
    language without lists takes no side and shows no emotion.
    """
    listed = cues.lists_of(text, spoken)
    names = tuple(name for each in cast for name in (each.name, each.short))
    read_ = {
        "language": cues.language(text) or listed,
        "arousal": round(arousal(text, listed), 3),
        "acts": reading.acts(text, speaker_id, lines, listed) or None,
        "emotion": reading.emotion(text, listed),
        "entities": reading.entities(text, names) or None,
    }
    if listed is not None:
        warmth = sentiment.of(text) if listed == "en" else None
        sided = _sided(found, text, cast, speaker_id, lines, warmth, listed)
        read_ |= sided | {
            "sentiment": None if warmth is None else round(warmth, 3),
            "position": position(text, topic, warmth, listed),
        }
    return found.model_copy(update=read_)


def _sided(
    found: MessageSignals, text: str, cast: Sequence[Participant], speaker_id: str,
    lines: Sequence[Said], warmth: float | None, listed: str,
) -> dict[str, object]:  # fmt: skip
    """Whom a line is for or against, whom it credits and whom it insults."""
    last = next((each for each in reversed(lines) if each.participant_id), None)
    insulted = insults(text, cast, speaker_id, found.addressed or _of(last), listed=listed)
    value = _value(text, warmth, listed, insulting=bool(insulted))
    cited = _cited(text, cast, speaker_id, listed) if (value or 0) >= 0 else ()
    answers = _answers(text, last, listed)
    meant = [*insulted, *found.addressed[:1], *cited] or (_of(last) if answers else [])
    others = [who for who in dict.fromkeys(meant) if who != speaker_id]
    stance = [StanceRef(to=who, value=value) for who in others if value is not None]
    return {
        "stance": tuple(stance) or None, "cited": cited or None, "insulted": insulted or None
    }  # fmt: skip


def position(text: str, topic: str, warmth: float | None, listed: str) -> float | None:
    """From −1 to 1, how a text stands to the topic, by those sentences that speak of it.

    Words for and against count: who is for the opposite in other words is taken at these.
    """
    matter = signals.content_words(topic)
    told = [
        cues.plain(each)
        for each in signals.sentences(text)
        if each[-1:] not in "?？؟" and not matter.isdisjoint(signals.content_words(each))
    ]
    if not told:
        return None
    deeds, balance = cues.deeds(listed), 0
    for sentence in told:
        # "Should not" is no "should".
        rest, against = deeds.against.subn(" ", sentence)
        balance += len(deeds.for_.findall(rest)) - against
    value = min(max(CUE * balance + MOOD * (warmth or 0.0), -1.0), 1.0)
    return round(value, 3) if abs(value) >= KNOWN else None


def arousal(text: str, listed: str | None = "en") -> float:
    """0…1, from exclamation marks, capitals and words that strengthen others."""
    letters = [each for each in text if each.isalpha()]
    capitals = sum(each.isupper() for each in letters) / len(letters) if len(letters) > 3 else 0.0
    stronger = cues.sides(listed).intensifiers if listed else frozenset[str]()
    strong = sum(word in stronger for word in signals.tokens(text))
    return 0.4 * min(1.0, text.count("!") / 2) + 0.3 * capitals + 0.3 * min(1.0, strong / 2)


def insults(
    text: str, cast: Sequence[Participant], speaker_id: str, you: Sequence[str] = (), *,
    listed: str = "en",
) -> tuple[str, ...]:  # fmt: skip
    """Whom of the cast a text calls names: who is named beside an insulting word, or is "you"."""
    second_person, known = cues.words(listed).second_person, cues.sides(listed)
    hit: list[str] = []
    for sentence in signals.sentences(text):
        plain = cues.plain(sentence)
        if all(
            cues.negated(plain, each.start(), known.negations)
            for each in known.insults.finditer(plain)
        ):
            continue
        others = [who for who in signals.named(sentence, cast) if who != speaker_id]
        if not others and not second_person.isdisjoint(signals.tokens(sentence)):
            others = [who for who in you[:1] if who != speaker_id]
        hit += others
    return tuple(dict.fromkeys(hit))


def _value(text: str, warmth: float | None, listed: str, *, insulting: bool) -> float | None:
    """From −1 to 1, or None while it is not clear."""
    known, plain = cues.sides(listed), cues.plain(text)
    agree = disagree = 0
    for pattern, sign in ((known.agree, 1), (known.disagree, -1)):
        for match in pattern.finditer(plain):
            turned = -sign if cues.negated(plain, match.start(), known.negations) else sign
            agree, disagree = agree + (turned > 0), disagree + (turned < 0)
    balance = agree - disagree - insulting
    value = min(max(CUE * balance + MOOD * (warmth or 0.0), -1.0), 1.0)
    return round(value, 3) if abs(value) >= KNOWN else None


def _cited(text: str, cast: Sequence[Participant], speaker_id: str, listed: str) -> tuple[str, ...]:
    """Who is given credit: named in a sentence with a word such as "as … said"."""
    credited = [
        who
        for sentence in signals.sentences(text)
        if cues.sides(listed).cites.search(cues.plain(sentence))
        for who in signals.named(sentence, cast)
    ]
    return tuple(who for who in dict.fromkeys(credited) if who != speaker_id)


def _of(line: Said | None) -> list[str]:
    return [line.participant_id] if line and line.participant_id else []


def _answers(text: str, last: Said | None, listed: str) -> bool:
    """Whether a line takes up a word of the last one, or takes a side at once."""
    if last is None:
        return False
    known, first = cues.sides(listed), cues.plain(next(iter(signals.sentences(text)), ""))
    if known.agree.search(first) or known.disagree.search(first):
        return True
    return not signals.content_words(text).isdisjoint(signals.content_words(last.text))
