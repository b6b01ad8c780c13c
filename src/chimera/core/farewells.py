"""Goodbyes that nobody asked for: models that have begun with them never stop.

They are taken out of every line but closing words, also while a line still streams.
"""

import re

SENTENCE_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*(?=\s|\Z)")
#: What models say to one another for ever once one of them has begun.
_FAREWELL = re.compile(
    r"(?:(?:well|so|and|ok|okay|anyway|now|right|then)\b[,!]?\s+)*"
    r"(?:good ?-?bye(?: for now)?|bye(?:[ -]bye)?|farewell(?! to)|so long(?! as)|good night"
    r"|take care(?! (?:of|to|not|that|with|when))|see you (?:soon|later|around|next|tomorrow|all)"
    r"|until (?:next time|we meet again)|have an? (?:great|good|nice|lovely|wonderful|amazing) "
    r"(?:day|evening|night|one|week|weekend|time)"
    r"|(?:it was|it has been|it's been|this was|this has been) (?:so |such |really |truly )?(?:a )?"
    r"(?:(?:great|lovely|wonderful|real|true|nice|absolute|fascinating) )?"
    r"(?:pleasure|talking|chatting|conversation|discussion|talk|chat)"
    r"|thanks?(?: you)?(?: so much| all| everyone| everybody)* for (?:the|this|such an?|an?|your) "
    r"(?:\w+ )?(?:conversation|chat|discussion|talk|company)"
    r"|i look forward to our next)\b[^.!?…]*[.!?…]*",
    re.IGNORECASE,
)
_FAREWELL_OPENS = (
    "goodbye", "good bye", "good-bye", "bye", "farewell", "so long", "good night", "take care",
    "see you", "until next", "until we", "have a", "it was", "it has been", "it's been",
    "this was", "this has been", "thank", "i look forward",
)  # fmt: skip
_LEADS_IN = re.compile(
    r"\A(?:(?:well|so|and|ok|okay|anyway|now|right|then)\b[,!]?\s+)+", re.IGNORECASE
)
_FAREWELL_WORDS, _FAREWELL_CHARS = 14, 110


def without_farewells(text: str) -> str:
    """The text without the sentences that only say goodbye."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    starts = [0, *ends]
    pieces = [text[start:end] for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return "".join(each for each in pieces if not _is_farewell(each.strip()))


def _is_farewell(sentence: str) -> bool:
    short = len(sentence.split()) <= _FAREWELL_WORDS
    return short and _FAREWELL.fullmatch(sentence.replace("’", "'")) is not None


def open_farewell(text: str) -> int:
    """Where a sentence begins that its rest may yet make a farewell."""
    ends = [match.end() for match in SENTENCE_END.finditer(text) if match.end() < len(text)]
    start = ends[-1] if ends else 0
    begun = _LEADS_IN.sub("", text[start:].lstrip().replace("’", "'")).casefold()
    if len(begun) > _FAREWELL_CHARS:
        return len(text)
    opens = any(begun.startswith(each) or each.startswith(begun) for each in _FAREWELL_OPENS)
    return start if opens else len(text)
