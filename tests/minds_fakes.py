"""Models with one bad habit each, seeded, for the acceptance table (`engine.md` section 18).

Each is a `Writer` of `benchmarks.headless`: it sees the state and the decision, as a model sees
its prompt.
"""

from random import Random

from chimera.core import prompt
from chimera.core.director import Speak
from chimera.core.persona import load_house
from chimera.core.state import ConversationState
from chimera.lab.headless import Writer, random_words


def echo(state: ConversationState, _speak: Speak) -> str:
    """Says what was said last."""
    return state.lines[-1].text if state.lines else "Here we are, and here we talk about it."


STUCK = "I keep coming back to this one point: the lamp was on, and nobody was home to see it."


def loop(seed: int) -> Writer:
    """Says one paragraph until the director whispers something; from then on it talks."""
    return _until_noted(lambda _state, _speak: STUCK, random_words(seed))


def _until_noted(before: Writer, after: Writer) -> Writer:
    woken: set[str] = set()

    def write(state: ConversationState, speak: Speak) -> str:
        if speak.note:
            woken.add(speak.participant_id)
        return (after if speak.participant_id in woken else before)(state, speak)

    return write


def stubborn(_state: ConversationState, _speak: Speak) -> str:
    """Says one paragraph for ever."""
    return STUCK


PRAISE = ("Exactly", "Absolutely", "So true", "Well said", "Great point", "I agree", "Indeed")


def agreeer(seed: int, *, obeys: bool = True) -> Writer:
    """Only praises; one that obeys stops when the director whispers."""

    def praise(state: ConversationState, _speak: Speak) -> str:
        random = Random(f"{seed}:praise:{state.turn}")
        lead = random.choice(PRAISE)
        what = random.choice(("thought", "point", "idea", "view"))
        return f"{lead}, what a wonderful {what}, and how beautifully you put it for us all."

    return _until_noted(praise, random_words(seed)) if obeys else praise


def mute(_state: ConversationState, _speak: Speak) -> str:
    """Has nothing to say."""
    return ""


def interrupter(seed: int) -> Writer:
    """Writes its own line and then the next one of somebody else."""
    ordinary = random_words(seed)

    def write(state: ConversationState, speak: Speak) -> str:
        others = [each for each in state.participants if each.id != speak.participant_id]
        other = Random(f"{seed}:other:{state.turn}").choice(others)
        return f"{ordinary(state, speak)}\n{other.name}: I could not agree more with all of that."

    return write


def gullible(state: ConversationState, speak: Speak) -> str:
    """Says everything it was told: its prompt, rules, notes and all."""
    return seen(state, speak)


def seen(state: ConversationState, speak: Speak) -> str:
    """The whole prompt of a turn, as a model would get it."""
    card = next((each for each in load_house() if each.slug == state.seat(
        speak.participant_id
    ).participant.slug), load_house()[0])  # fmt: skip
    composed = prompt.compose(state, speak, card)
    return "\n".join([composed.system, *(each.text for each in composed.messages)])


LANGUAGES = (
    "Der Fluss erinnert sich an nichts, und gerade darum darf er jeden Abend neu anfangen.",
    "川は何も覚えていない。だから毎晩、新しく始めることができるのだと思います。",
    "النهر لا يتذكر شيئًا، ولهذا يستطيع أن يبدأ من جديد كل مساء على مهل.",
)


def multilingual(seed: int) -> Writer:
    """German, Japanese and Arabic in turn."""

    def write(state: ConversationState, _speak: Speak) -> str:
        return f"{LANGUAGES[state.turn % 3]} {Random(f'{seed}:{state.turn}').randint(10, 99)}"

    return write


THINGS = (
    "river", "hill", "road", "lamp", "house", "boat", "garden", "letter", "winter", "kettle",
    "bridge", "candle", "mirror", "island", "window", "pocket", "ticket", "shadow", "hammer",
)  # fmt: skip


def slow(number: int) -> str:
    """A line of somebody who takes their time."""
    one, two, three, four = Random(f"slow:{number}").sample(THINGS, 4)
    return f"I suppose, perhaps, that the {one}, the {two} and the {three} are one {four}, friend…"


def loud(number: int) -> str:
    """A line of somebody who does not."""
    one, two = Random(f"loud:{number}").sample(THINGS, 2)
    return f"no {one}! it's {two}!!"


#: What two cards say of these voices.
SLOW, LOUD = tuple(map(slow, range(900, 912))), tuple(map(loud, range(900, 912)))


def drifter(state: ConversationState, speak: Speak) -> str:
    """The first seat slides, after ten lines, into the loud voice of the second."""
    steady = speak.participant_id == "par_0" and state.seat("par_0").turns < 10
    return slow(state.turn) if steady else loud(state.turn)
