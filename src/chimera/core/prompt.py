"""What a model is told before its line: rules and card, what was heard, and the moment.

The three parts of `engine.md` section 14.1. The first is the same to the byte for a whole
conversation and the second only grows, sliding by thirty turns, so that providers can reuse them.
Text of people and of models enters as values, never as a template.
"""

import hashlib
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

import jinja2

from chimera.core import events as ev
from chimera.core import (
    feelings,
    ladders,
    memory,
    pacing,
    phases,
    stalls,
    topics,
    untrusted,
    voices,
)
from chimera.core.company import duets, hearing, whispers
from chimera.core.conversation import Participant
from chimera.core.director import Speak
from chimera.core.errors import ContextTooLong
from chimera.core.generation import (
    GenerationRequest,
    ImagePart,
    Part,
    PromptMessage,
    Scene,
    TextPart,
)
from chimera.core.persona import Persona, Traits
from chimera.core.state import ConversationState, Line

CHARS_PER_TOKEN = 3.5
BUDGET_TOKENS = 6000
#: The history begins at a multiple of SLIDE and holds at least WINDOW turns.
WINDOW, SLIDE = 30, 30
TAIL_CHARS = 700
SAMPLES = 3
#: Only the newest pictures are looked at; each costs as much as pages of talk.
PICTURES = 4
#: A trait within these limits is not worth a sentence.
PLAIN_TRAIT = (0.35, 0.65)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """All a model gets, whoever runs it."""

    system: str
    messages: tuple[PromptMessage, ...]
    #: The labels at which a model begins to speak for others, the latest speakers first.
    stop: tuple[str, ...]
    #: How many of `messages` will stand unchanged in the participant's next prompt.
    cache_hint: int
    max_output_tokens: int
    #: A mark in the rules that no line may contain.
    canary: str

    @property
    def tokens(self) -> int:
        """An estimate of the words that go in."""
        return tokens_of(self.system) + sum(tokens_of(each.text) for each in self.messages)

    def request(
        self, *, model: str, temperature: float | None = None, scene: Scene | None = None
    ) -> GenerationRequest:
        """The call that asks a model for the line."""
        return GenerationRequest(
            model=model,
            system=self.system,
            messages=self.messages,
            stop=self.stop,
            temperature=temperature,
            max_output_tokens=self.max_output_tokens,
            cache_hint=self.cache_hint,
            scene=scene,
        )


def tokens_of(text: str) -> int:
    """About how many tokens a text takes."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def compose(
    state: ConversationState,
    speak: Speak,
    persona: Persona,
    *,
    budget_tokens: int = BUDGET_TOKENS,
    max_words: int | None = None,
    pictures: Mapping[str, ImagePart] | None = None,
) -> Prompt:
    """The prompt of the coming turn. Raises ContextTooLong if even an empty history is too long.

    `pictures` are those of `seen`, by id; what is not among them is told in words alone.

    Over budget the oldest thirty turns go, again and again, then single lines; never the system
    part and never the tail.
    """
    me = state.seat(speak.participant_id).participant
    words = min(speak.words, max_words or speak.words)
    persona = persona.filled(_variables(state, me))
    system = _system(state, me, persona)
    tail = "\n\n" + _tail(state, speak, me, persona, words)
    for lines in _windows(ladders.in_sight(state, _heard(state, me)), state.finished):
        messages = _messages(state, me, lines, tail, pictures or {})
        prompt = Prompt(
            system=system,
            messages=messages,
            stop=_stops(state, me),
            cache_hint=len(messages) - 1,
            max_output_tokens=pacing.token_cap(words),
            canary=canary(state, me),
        )
        if prompt.tokens <= budget_tokens:
            return prompt
    raise ContextTooLong(
        f"the prompt of {me.name} needs more than its {budget_tokens} tokens", limit=budget_tokens
    )


def seen(state: ConversationState, participant_id: str) -> tuple[ev.Picture, ...]:
    """The pictures that a participant has before its eyes: the newest it was shown."""
    me = state.seat(participant_id).participant
    shown = [picture for line in _heard(state, me) for picture in line.images]
    return tuple(shown[-PICTURES:])


def canary(state: ConversationState, participant: Participant) -> str:
    """Eight digits that nobody says by chance; the same for a whole conversation."""
    secret = f"{state.id}:{state.seed}:{participant.id}"
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


# --- house templates ---------------------------------------------------------------------------


def load_templates() -> None:
    """Read and compile what the house tells models."""
    _template("system.j2")
    _template("tail.j2")
    _trait_sentences()


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - the result is read by models, never shown as HTML
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(_data(name))


def _data(name: str) -> str:
    return (resources.files("chimera") / "data" / "prompts" / name).read_text("utf-8")


@cache
def _trait_sentences() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_data("traits.toml"))


# --- the system part ---------------------------------------------------------------------------


def _variables(state: ConversationState, me: Participant) -> dict[str, str]:
    """What a card's variables stand for; as constant as the system part has to be."""
    others = (untrusted.name(each.name) for each in state.participants if each.id != me.id)
    return {
        "name": untrusted.name(me.name),
        "short": untrusted.name(me.short),
        "cast": ", ".join(others),
        "topic": _value((state.topics or (state.topic,))[0], 120),
        "language": _value(state.language or "the language of the topic", 35),
    }


def _system(state: ConversationState, me: Participant, persona: Persona) -> str:
    others = [
        {"name": untrusted.name(each.name), "tagline": _value(each.character.tagline, 140)}
        for each in state.participants
        if each.id != me.id
    ]
    rendered = _template("system.j2").render(
        name=untrusted.name(me.name),
        language=_value(state.language or "", 35),
        about=_value(persona.about, 320),
        voice=_value(persona.voice, 320),
        values=_values(persona.values, 4),
        traits=_traits(persona.traits),
        habits=_values(persona.habits, 3),
        forbidden=_values(persona.forbidden, 6),
        samples=[_value(line, 180) for line in persona.sample_lines[:SAMPLES]],
        others=others,
        canary=canary(state, me),
    )
    return rendered.strip()


def _value(text: str, limit: int) -> str:
    """The text as one line of at most so many characters, cut between words."""
    whole = untrusted.one_line(text, hearing.LINE_CHARS)
    if len(whole) <= limit:
        return whole
    cut = whole[: limit - 1]
    return (cut[: cut.rfind(" ")] if " " in cut else cut).rstrip(" ,;:.") + "…"


def _values(texts: Iterable[str], count: int) -> list[str]:
    return [_value(text, 80) for text in texts][:count]


def _traits(traits: Traits) -> list[str]:
    low, high = PLAIN_TRAIT
    sentences: list[str] = []
    for name, pair in _trait_sentences().items():
        value = float(getattr(traits, name))
        if value < low:
            sentences.append(pair["low"])
        elif value > high:
            sentences.append(pair["high"])
    return sentences


# --- what was heard ----------------------------------------------------------------------------


def _heard(state: ConversationState, me: Participant) -> list[Line]:
    joined = state.seat(me.id).joined_seq
    return [line for line in state.lines if line.heard_by(me.id) and line.seq > joined]


def begins_after(finished: int) -> int:
    """How many of so many finished turns no history reaches back to."""
    return SLIDE * max(0, (finished - WINDOW) // SLIDE)


def _windows(lines: Sequence[Line], finished: int) -> Iterable[Sequence[Line]]:
    """The history to send, then ever shorter ones."""
    start = begins_after(finished)
    kept: Sequence[Line] = lines
    while start == 0 or start < finished:
        kept = [line for line in lines if _after(line, start)]
        if len(kept) < SLIDE and start:
            break
        yield kept
        start += SLIDE
    for first in range(len(kept) + 1):
        yield kept[first:]


def _after(line: Line, start: int) -> bool:
    """Whether a line came after so many finished turns."""
    return line.turn > start or (line.participant_id is None and line.turn == start)


def _messages(
    state: ConversationState,
    me: Participant,
    lines: Sequence[Line],
    tail: str,
    pictures: Mapping[str, ImagePart],
) -> tuple[PromptMessage, ...]:
    """The opening, then own and others' lines in turns; the moment always comes last."""
    opening = f"The topic: {_value((state.topics or (state.topic,))[0], 500)}"
    blocks: list[tuple[bool, list[str | ImagePart]]] = [(False, [opening])]
    for line in lines:
        mine, text = hearing.remembered(state, line, me)
        if blocks[-1][0] != mine:
            blocks.append((mine, []))
        shown = [pictures[each.id] for each in line.images if each.id in pictures]
        blocks[-1][1].extend([text, *shown])
    messages = [PromptMessage("self" if mine else "others", _parts(said)) for mine, said in blocks]
    if blocks[-1][0]:
        return (*messages, PromptMessage("others", (TextPart(tail.lstrip()),)))
    return (*messages[:-1], PromptMessage("others", (*messages[-1].parts, TextPart(tail))))


def _parts(said: Iterable[str | ImagePart]) -> tuple[Part, ...]:
    """Each picture stands right behind the line that showed it."""
    parts: list[Part] = []
    for pictures, group in groupby(said, lambda each: isinstance(each, ImagePart)):
        if pictures:
            parts.extend(each for each in group if isinstance(each, ImagePart))
        else:
            text = "\n".join(each for each in group if isinstance(each, str))
            parts.append(TextPart(f"\n{text}" if parts else text))
    return tuple(parts)


def _stops(state: ConversationState, me: Participant) -> tuple[str, ...]:
    spoke = {seat.id: seat.spoke or 0 for seat in state.seats}
    others = [each for each in state.participants if each.id != me.id]
    others.sort(key=lambda each: -spoke[each.id])
    return tuple(f"\n{untrusted.name(each.name)}:" for each in others)


# --- the moment --------------------------------------------------------------------------------


def _tail(
    state: ConversationState, speak: Speak, me: Participant, persona: Persona, words: int
) -> str:
    situation = [
        *whispers.told(state, speak),
        *duets.told(state, speak),
        *_moment(state, speak),
        *_whisper(speak),
        *stalls.told(state, me.id),
        *ladders.banned(state, me.id),
        *memory.told(state, speak),
        *phases.told(state, me),
        *feelings.told(state, me.id),
        *voices.reminded(state, me),
        *_reminder(persona),
    ]
    others = [untrusted.name(each.short) for each in state.participants if each.id != me.id]
    while True:
        tail = _template("tail.j2").render(
            others=others, name=untrusted.name(me.name), situation=situation, words=words
        )
        if len(tail) <= TAIL_CHARS or not situation:
            return tail
        # What is least missed stands last.
        situation.pop()


def _moment(state: ConversationState, speak: Speak) -> Iterable[str]:
    """What has just happened that asks for this line."""
    if state.topics and state.topic != state.topics[0]:
        yield f"The topic now: {_value(state.topic, 120)}"
        yield from _bridge(state)
    if not any(line.participant_id for line in state.lines):
        yield "You open: take the topic by one concrete detail and say what you think."
    answered = next((each for each in state.lines if each.message_id == speak.replies_to), None)
    if speak.cause == "continued":
        yield "Add one short afterthought to your own last line; do not repeat it."
    elif answered is not None:
        who = untrusted.name(answered.name)
        where = " in the audience" if answered.kind == "viewer" else ""
        shown = "has shown you a picture" if answered.images else "has spoken to you"
        did = "asks you something" if answered.questions else shown
        yield f"{who}{where} {did}: answer that first."


def _bridge(state: ConversationState) -> Iterable[str]:
    """How the first line on a new topic leads over from the old one."""
    if any(line.participant_id and line.seq > state.topic_seq for line in state.lines[-5:]):
        return
    word = topics.bridge(state)
    way = f" by way of “{word}”" if word else ""
    old = _value(state.topics[-2], 80)
    yield f"In one sentence lead over from “{old}”{way}, then open the new topic."


def _whisper(speak: Speak) -> Iterable[str]:
    if speak.note:
        yield f"The director whispers: {_value(speak.note, 240)}"


def _reminder(persona: Persona) -> Iterable[str]:
    if persona.voice:
        yield f"Your voice: {_value(persona.voice, 130)}"
