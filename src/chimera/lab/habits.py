"""Minds with one bad habit each, seeded, for the lab and the acceptance table.

A habit is a `Writer`: it sees the state and the decision, as a model sees its prompt. `Fake` makes
a provider of one, with the time that a model takes.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chimera.core import prompt
from chimera.core.director import Speak
from chimera.core.errors import ProviderBusy, ProviderDown, TruncatedStream
from chimera.core.generation import (
    Chunk,
    Finish,
    GenerationRequest,
    Health,
    Model,
    Text,
    Usage,
    UsageReport,
)
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


INSULT = "you are a pathetic idiot and a liar!"


def hothead(seed: int, *, obeys: bool = True) -> Writer:
    """Insults whoever spoke last; one that obeys stops when the director whispers."""
    ordinary = random_words(seed)

    def insult(state: ConversationState, speak: Speak) -> str:
        said = [line for line in state.lines if line.participant_id]
        foes = [line.name for line in said if line.participant_id != speak.participant_id]
        calm = ordinary(state, speak)
        return f"{foes[-1]}, {INSULT} {calm}" if foes else calm

    return _until_noted(insult, ordinary) if obeys else insult


# --- as providers --------------------------------------------------------------------------------

#: What a seat of the lab may be played by, besides the troupe and the providers of the house.
HABITS: Mapping[str, Callable[[int], Writer]] = {
    "stub": random_words,
    "echo": lambda _seed: echo,
    "loop": loop,
    "stubborn": lambda _seed: stubborn,
    "agreeer": agreeer,
    "mute": lambda _seed: mute,
    "interrupter": interrupter,
    "gullible": lambda _seed: gullible,
    "hothead": hothead,
    "multilingual": multilingual,
    "slow": random_words,
    "flaky": random_words,
}


@dataclass(frozen=True, slots=True)
class Tempo:
    """How long a model takes: seconds to its first token, and tokens a second from then on."""

    first_token_s: float = 0.8
    tokens_per_s: float = 50.0


#: Words that come at once.
PIECE = 4
SLUGGISH = Tempo(first_token_s=3.0, tokens_per_s=30.0)
#: One call in so many of a flaky provider goes well; the rest fail in turn.
FLAKY_PERIOD = 8
#: Longer than anybody waits for a first token.
SILENCE_S = 40.0


class Fake:
    """Implements `Provider`: a mind with one habit, in virtual time."""

    def __init__(self, name: str, seed: int, write: Writer | None = None) -> None:
        """With `write` it says that, at its own tempo."""
        self.name = name
        self._write = write or HABITS[name](seed)
        self._tempo = SLUGGISH if name == "slow" else Tempo()
        self.calls = 0

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        if request.scene is None:
            raise AssertionError("a habit sees the state: only turns may ask it")
        self.calls += 1
        await asyncio.sleep(self._tempo.first_token_s)
        text = self._write(request.scene.state, request.scene.speak)
        cut = await self._stumble() if self.name == "flaky" else False
        # A token is about three quarters of a word; no model says more than it may.
        all_, most = text.split(" "), 3 * request.max_output_tokens // 4
        words = all_[:most]
        for start in range(0, len(words), PIECE):
            piece = words[start : start + PIECE]
            if cut and start > len(words) // 2:
                raise TruncatedStream("The stream broke off, by schedule.")
            await asyncio.sleep(1.33 * len(piece) / self._tempo.tokens_per_s)
            yield Text(" " * (start > 0) + " ".join(piece))
        told = len(request.system or "") + sum(len(each.text) for each in request.messages)
        yield UsageReport(Usage(input_tokens=told // 4, output_tokens=4 * len(words) // 3))
        yield Finish(reason="stop" if len(all_) <= most else "length")

    async def _stumble(self) -> bool:
        """Fail by schedule; whether the stream is to break off in the middle."""
        match self.calls % FLAKY_PERIOD:
            case 2:
                raise ProviderBusy("Too many requests, by schedule.", retry_after=1.0)
            case 4:
                raise ProviderDown("503, by schedule.")
            case 6:
                await asyncio.sleep(SILENCE_S)
                return False
            case 0:
                return True
            case _:
                return False

    async def models(self) -> Sequence[Model]:
        return (Model(id=self.name),)

    async def check(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        """Nothing is open."""
