"""The little English grammar the troupe needs: plurals, verb forms, and turning "I" into "you"."""

import re

_IRREGULAR_PLURALS = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "mouse": "mice",
    "foot": "feet", "tooth": "teeth", "goose": "geese", "life": "lives", "wife": "wives",
    "knife": "knives", "leaf": "leaves", "wolf": "wolves", "loaf": "loaves", "shelf": "shelves",
    "half": "halves", "thief": "thieves", "sheep": "sheep", "fish": "fish",
}  # fmt: skip
_PLURALS = frozenset(_IRREGULAR_PLURALS.values()) | {"police", "parents", "others", "cattle"}
_SINGULAR_S = frozenset({
    "news", "physics", "mathematics", "maths", "politics", "economics", "ethics", "chess", "gas",
    "bus", "tennis", "series", "christmas", "athletics", "always", "gymnastics", "chaos", "genius",
    "lens", "yes", "this", "us", "less", "plus", "perhaps", "thus",
})  # fmt: skip
_THIRD = {"be": "is", "have": "has", "do": "does", "go": "goes", "can": "can", "will": "will"}
_DOUBLING = frozenset({
    "ban", "run", "get", "cut", "let", "put", "set", "sit", "swim", "win", "stop", "plan", "shop",
    "travel", "beg", "begin", "forget", "hit", "quit", "rob", "rub", "step", "drop", "chat", "dig",
    "jog", "wed", "wrap", "skip", "slip", "snap", "tip", "trap", "vet", "hug", "nap", "drag",
    "admit", "permit", "occur", "prefer", "regret", "upset", "model", "cancel", "spin", "split",
    "shut", "spit", "bet", "fit", "tap", "zip", "log", "blog", "swap", "clap", "grin", "map",
})  # fmt: skip
_MIRROR = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "am": "are",
    "i'm": "you are", "i've": "you have", "i'd": "you would", "i'll": "you will", "was": "were",
    "you": "we", "your": "our", "yours": "ours", "yourself": "ourselves", "you're": "we are",
    "you've": "we have", "you'll": "we will", "we": "you", "us": "you", "our": "your",
    "we're": "you are", "we've": "you have",
}  # fmt: skip
_VOWELS = "aeiou"


def capital(text: str) -> str:
    """The text with its first letter in upper case, past an opening quotation mark."""
    for place, character in enumerate(text):
        if character.isalpha():
            return text[:place] + character.upper() + text[place + 1 :]
        if character not in "“‘\"'(":
            break
    return text


def is_plural(noun: str) -> bool:
    """Whether the last word of a noun phrase is a plural, as far as spelling tells."""
    word = noun.rsplit(maxsplit=1)[-1].lower() if noun else ""
    if word in _PLURALS:
        return True
    singular = word in _SINGULAR_S or word.endswith(("ss", "us", "is"))
    return word.endswith("s") and not singular


def plural(noun: str) -> str:
    """The plural of a countable noun phrase; only its last word changes."""
    *rest, word = noun.split(" ")
    lower = word.lower()
    if lower in _IRREGULAR_PLURALS:
        made = _IRREGULAR_PLURALS[lower]
    elif lower.endswith(("s", "x", "z", "ch", "sh")):
        made = word + "es"
    elif lower.endswith("y") and lower[-2:-1] not in _VOWELS:
        made = word[:-1] + "ies"
    else:
        made = word + "s"
    return " ".join((*rest, made))


def third(verb: str) -> str:
    """The form of a verb after "he"."""
    if verb in _THIRD:
        return _THIRD[verb]
    if verb.endswith(("s", "x", "z", "ch", "sh")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ies"
    return verb + "s"


def gerund(verb: str) -> str:
    """The -ing form of a verb."""
    if verb in _DOUBLING:
        return verb + verb[-1] + "ing"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return verb[:-1] + "ing"
    return verb + "ing"


def article(noun: str) -> str:
    """The noun with "a" or "an" in front."""
    lower = noun.lower()
    vowel = lower[:1] in _VOWELS and not lower.startswith(("uni", "use", "one", "eu", "ut"))
    silent = lower.startswith(("hour", "honest", "heir", "honour"))
    return f"{'an' if vowel or silent else 'a'} {noun}"


def mirror(text: str) -> str:
    """What somebody said of themself, said back to them: "I miss my dog" → "you miss your dog"."""
    words = re.findall(r"\S+", text.replace("’", "'"))
    return " ".join(_mirrored(word) for word in words)


def _mirrored(word: str) -> str:
    core = word.strip('.,;:!?"()').lower()
    if core not in _MIRROR:
        return word
    return word.lower().replace(core, _MIRROR[core], 1)
