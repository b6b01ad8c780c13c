"""How a persona feels at the moment, and what it feels of the crowd.

Mood is a point in the space of pleasure, arousal and dominance (`engine.md` section 8.2), pulled
by what happens and drifting home. The crowd is the energy of viewers' reactions (section 8.3),
weighed so that one hand cannot pass for a full house.
"""

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from chimera.core.details import Feeling
from chimera.core.persona import Traits

#: How far an emotion pulls a mood, and how far each turn brings it home.
PULL, HOME = 0.25, 0.05
#: Nearer to the middle than this no name fits; this far from home a mood is worth a sentence.
NEUTRAL, NOTICED = 0.15, 0.25
#: What arousal does to the length of a line and to the speed of typing.
LENGTHENS, QUICKENS = 0.2, 0.15
#: Seconds for which a reaction counts against its viewer's next one, and half-life of the energy.
WINDOW_MS, HALF_LIFE_MS = 60_000, 45_000
#: From so much felt energy on the crowd is worth a sentence, and moves a mood.
FELT = 0.3
REACTIONS_KEPT = 200

APPLAUSE = frozenset("👏😂🤣😄😆😍❤🧡💛💚💙💜🖤💖🔥🌹💐👍🎉🙌💯")
BOOS = frozenset("👎😴💤🥱🍅🤮😒")

Emotion = Literal["joy", "gratitude", "pride", "admiration", "anger", "reproach", "shame"]


class Mood(NamedTuple):
    """Pleasure, arousal and dominance, each about −1…1."""

    pleasure: float = 0.0
    arousal: float = 0.0
    dominance: float = 0.0

    def toward(self, other: "Mood", share: float) -> "Mood":
        return Mood(
            *(mine + share * (theirs - mine) for mine, theirs in zip(self, other, strict=True))
        )

    def distance(self, other: "Mood") -> float:
        return math.dist(self, other)


#: Where emotions lie (ALMA, Gebhard 2005, from memory).
POINTS: dict[Emotion, Mood] = {
    "joy": Mood(0.4, 0.2, 0.1),
    "gratitude": Mood(0.4, 0.2, -0.3),
    "pride": Mood(0.4, 0.3, 0.3),
    "admiration": Mood(0.5, 0.3, -0.2),
    "anger": Mood(-0.51, 0.59, 0.25),
    "reproach": Mood(-0.3, -0.1, 0.4),
    "shame": Mood(-0.3, 0.1, -0.6),
}

#: Where the emotions of words lie; by words somebody is moved less than by what happens to them.
EXPRESSED: dict[Feeling, Mood] = {
    "joy": Mood(0.4, 0.2, 0.1),
    "tenderness": Mood(0.3, 0.1, 0.2),
    "hope": Mood(0.2, 0.2, -0.1),
    "surprise": Mood(0.1, 0.5, -0.1),
    "fear": Mood(-0.64, 0.60, -0.43),
    "sadness": Mood(-0.4, -0.2, -0.5),
    "anger": Mood(-0.51, 0.59, 0.25),
    "disgust": Mood(-0.4, 0.2, 0.1),
}
SPOKEN = 0.1


def home(traits: Traits) -> Mood:
    """The mood of somebody to whom nothing happens (Mehrabian's regression, from memory)."""
    openness, conscience = 2 * traits.curiosity - 1, 2 * traits.formality - 1
    extraversion, agreeable = 2 * traits.talk - 1, 2 * traits.warmth - 1
    stable = 2 * traits.optimism - 1
    return Mood(
        0.21 * extraversion + 0.59 * agreeable + 0.19 * stable,
        0.15 * openness + 0.30 * agreeable - 0.57 * stable,
        0.25 * openness + 0.17 * conscience + 0.60 * extraversion - 0.32 * agreeable,
    )


def after_turn(
    mood: Mood | None, traits: Traits, felt: Iterable[Emotion], spoken: Feeling | None = None
) -> Mood | None:
    """The mood after a turn in which these emotions were felt; None while it never left home.

    `spoken` is what somebody's own words were full of.
    """
    emotions = tuple(felt)
    if mood is None and not emotions and spoken is None:
        return None
    rest = home(traits)
    mood = (mood or rest).toward(rest, HOME)
    for each in emotions:
        mood = mood.toward(POINTS[each], PULL)
    return mood if spoken is None else mood.toward(EXPRESSED[spoken], SPOKEN)


def label(mood: Mood) -> Emotion | Literal["neutral"]:
    """The emotion that lies nearest."""
    if mood.distance(Mood()) < NEUTRAL:
        return "neutral"
    return min(POINTS, key=lambda each: mood.distance(POINTS[each]))


def stirred(mood: Mood | None, traits: Traits) -> Emotion | None:
    """The emotion of somebody who is far from home; None for everybody else."""
    if mood is None or mood.distance(home(traits)) <= NOTICED:
        return None
    name = label(mood)
    return None if name == "neutral" else name


def lengthened(mood: Mood) -> float:
    """The factor by which excitement makes a line longer."""
    return 1 + LENGTHENS * mood.arousal


def quickened(mood: Mood) -> float:
    """The factor by which excitement makes typing quicker."""
    return 1 + QUICKENS * mood.arousal


# --- the crowd -----------------------------------------------------------------------------------


class Reaction(NamedTuple):
    """Whose reaction, to what, and when."""

    viewer: str
    message_id: str
    emoji: str
    at: int
    #: By how much it moved the energy.
    weight: float = 0.0

    def is_same(self, viewer: str, message_id: str, emoji: str) -> bool:
        return (self.viewer, self.message_id, self.emoji) == (viewer, message_id, emoji)


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the stalls have shown of late."""

    #: Energy at the moment `at`, milliseconds UTC.
    energy: float = 0.0
    at: int = 0
    viewers: int = 1
    #: The reactions of the last minute, oldest first.
    recent: tuple[Reaction, ...] = ()


def sign(emoji: str) -> int:
    """1 for applause, −1 for a boo, 0 for everything else."""
    first = unicodedata.normalize("NFC", emoji)[:1]
    return (first in APPLAUSE) - (first in BOOS)


def reacted(crowd: Crowd, reaction: Reaction, viewers: int) -> Crowd:
    """After one more reaction; the more a viewer has just reacted, the less it weighs."""
    recent = tuple(each for each in crowd.recent if each.at > reaction.at - WINDOW_MS)
    if any(each.is_same(*reaction[:3]) for each in recent):
        return crowd
    before = sum(each.viewer == reaction.viewer for each in recent)
    weight = sign(reaction.emoji) / (1 + before) ** 2
    return Crowd(
        energy(crowd, reaction.at) + weight, reaction.at, max(1, viewers),
        (*recent, reaction._replace(weight=weight))[-REACTIONS_KEPT:],
    )  # fmt: skip


def retracted(crowd: Crowd, viewer: str, message_id: str, emoji: str, now: int) -> Crowd:
    """After a reaction was taken back, with what is left of its energy."""
    for each in crowd.recent:
        if each.is_same(viewer, message_id, emoji):
            left = each.weight * 2 ** (-max(0, now - each.at) / HALF_LIFE_MS)
            recent = tuple(other for other in crowd.recent if other is not each)
            return Crowd(energy(crowd, now) - left, now, crowd.viewers, recent)
    return crowd


def energy(crowd: Crowd, now: int) -> float:
    """K: it halves every 45 seconds."""
    return crowd.energy * 2 ** (-max(0, now - crowd.at) / HALF_LIFE_MS)


def quorum(crowd: Crowd, now: int) -> float:
    """How far those who react may speak for the house, 0…1."""
    reactors = {each.viewer for each in crowd.recent if each.at > now - WINDOW_MS}
    return min(1.0, len(reactors) / max(min(2, crowd.viewers), 0.1 * crowd.viewers))


def applause(crowd: Crowd, now: int) -> float:
    """The energy as the whole house hears it, −1…1."""
    return math.tanh(quorum(crowd, now) * energy(crowd, now) / 3) if crowd.energy else 0.0


def felt(crowd: Crowd, traits: Traits, now: int) -> float:
    """k: the energy as one persona feels it; where its card does not say, a joker feels it most."""
    sensitivity = traits.sens
    if sensitivity is None:
        sensitivity = min(max(0.15 + 0.45 * traits.humour + 0.3 * traits.warmth, 0.0), 1.0)
    return sensitivity * applause(crowd, now)
