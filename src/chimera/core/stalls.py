"""What the stalls say besides speaking: polls, wished topics, highlights, votes on the talk.

A poll is asked and answered in the log; who voted for what is not, so that nobody's vote is public.
What comes of it reaches the cast as one line, and becomes the topic where the poll was about that.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from pydantic import Field

from chimera.core import untrusted
from chimera.core.bodies import Body, TopicChanged

if TYPE_CHECKING:
    from chimera.core.state import ConversationState

MOST_OPTIONS = 6
#: Wishes kept of so many viewers, the newest.
WISHES_KEPT = 200
#: With fewer votes nothing is said about what viewers think of the talk.
ENOUGH_VOTES = 5
#: The score counts as much as so many votes.
SCORE_WEIGHS = 6
#: The 90 % interval of a share.
Z = 1.645

Reason = Literal["majority", "tie", "quorum"]


# --- what the log says ---------------------------------------------------------------------------


class PollOpened(Body):
    """The stalls are asked something until `closes_at`."""

    type: ClassVar[str] = "poll.opened"
    poll_id: str
    question: str
    options: tuple[str, ...] = Field(min_length=2, max_length=MOST_OPTIONS)
    closes_at: str
    #: With fewer votes nothing is decided.
    quorum: int = Field(ge=1)
    #: `topic`: the option that wins becomes the topic.
    decides: Literal["topic"] | None = None


class PollClosed(Body):
    """How many chose what; `winner` is absent where nothing was decided, `because` of that."""

    type: ClassVar[str] = "poll.closed"
    poll_id: str
    question: str
    options: tuple[str, ...]
    results: tuple[int, ...]
    winner: str | None = None
    because: Reason


class TopicWished(Body):
    """A viewer would like this topic next; it takes the place of that viewer's last wish."""

    type: ClassVar[str] = "topic.wished"
    topic: str


class HighlightAdded(Body):
    """Somebody marks a message for everybody."""

    type: ClassVar[str] = "highlight.added"
    message_id: str


class HighlightRemoved(Body):
    type: ClassVar[str] = "highlight.removed"
    message_id: str


# --- polls ---------------------------------------------------------------------------------------


def quorum(viewers: int) -> int:
    """How many votes a poll needs while so many watch: a third of them."""
    return max(1, math.ceil(viewers / 3))


def counted(choices: Iterable[int], options: int) -> tuple[int, ...]:
    """How many chose each option."""
    counts = Counter(choices)
    return tuple(counts[each] for each in range(options))


def closed(opened: PollOpened, results: tuple[int, ...]) -> PollClosed:
    """The end of a poll: what has the most votes wins, if they are enough and nothing else has."""
    most = max(results)
    leaders = [place for place, votes in enumerate(results) if votes == most]
    because: Reason = "majority" if len(leaders) == 1 else "tie"
    if sum(results) < opened.quorum:
        because = "quorum"
    return PollClosed(
        poll_id=opened.poll_id, question=opened.question, options=opened.options, results=results,
        winner=opened.options[leaders[0]] if because == "majority" else None, because=because,
    )  # fmt: skip


# --- what the fold keeps -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the stalls answered last, and after how many finished turns."""

    question: str
    answer: str
    votes: int
    of: int
    turn: int


class Wish(NamedTuple):
    """What one viewer would like to hear about."""

    viewer: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalls:
    """What the cast knows of the stalls' will."""

    verdict: Verdict | None = None
    wishes: tuple[Wish, ...] = ()
    #: Whether a poll is open.
    polling: bool = False


def after_event(stalls: Stalls, body: Body, viewer: str, finished: int) -> Stalls:
    """After any event; `viewer` is who caused it."""
    match body:
        case PollOpened():
            return replace(stalls, polling=True)
        case PollClosed(winner=str(winner)):
            votes = body.results[body.options.index(winner)]
            verdict = Verdict(
                question=body.question, answer=winner, votes=votes, of=sum(body.results),
                turn=finished,
            )  # fmt: skip
            return replace(stalls, verdict=verdict, polling=False)
        case PollClosed():
            return replace(stalls, polling=False)
        case TopicWished(topic=topic):
            others = (each for each in stalls.wishes if each.viewer != viewer)
            return replace(stalls, wishes=(*others, Wish(viewer, topic))[-WISHES_KEPT:])
        case TopicChanged(topic=topic):
            open_ = tuple(each for each in stalls.wishes if _same(each.topic) != _same(topic))
            return replace(stalls, wishes=open_)
        case _:
            return stalls


def wished(stalls: Stalls) -> dict[str, int]:
    """How many wish each topic, the most wished first; spelling makes no difference."""
    names: dict[str, str] = {}
    for each in stalls.wishes:
        names.setdefault(_same(each.topic), each.topic)
    counts = Counter(_same(each.topic) for each in stalls.wishes)
    return {names[key]: votes for key, votes in counts.most_common()}


def liking(stalls: Stalls, topic: str) -> float:
    """How much of the wishing is for this topic, 0…1."""
    mine = sum(_same(each.topic) == _same(topic) for each in stalls.wishes)
    return mine / len(stalls.wishes) if mine else 0.0


def _same(topic: str) -> str:
    return topic.casefold().strip(" ?!.")


def told(state: "ConversationState", participant_id: str) -> Iterable[str]:
    """What the stalls have answered, for each participant's first line since then."""
    verdict = state.feelings.stalls.verdict
    spoke = state.seat(participant_id).spoke
    if verdict is None or (spoke is not None and spoke > verdict.turn):
        return
    question = untrusted.one_line(verdict.question, 120)
    answer = untrusted.one_line(verdict.answer, 80)
    of = f"{verdict.votes} of {verdict.of}"
    yield f"The audience was asked “{question}” and says “{answer}” ({of})."


# --- votes on the talk ---------------------------------------------------------------------------


class Judged(NamedTuple):
    """What viewers think of the talk beside its score; the figures are None without a vote."""

    #: 0…100, and the interval it lies in at 90 %.
    approval: float | None
    low: float | None
    high: float | None
    #: Score and approval together.
    joined: float | None
    #: Whether the score lies within the interval.
    says: Literal["not_enough_votes", "agrees", "likes_it_more", "likes_it_less"]


def judged(values: Sequence[int], score: float | None) -> Judged:
    """Votes of −1, 0 or 1 joined to the score: the fewer they are, the more the score counts."""
    votes = len(values)
    if not votes:
        return Judged(None, None, None, score, "not_enough_votes")
    share = sum((value + 1) / 2 for value in values) / votes
    low, high = _wilson(share, votes)
    base = 50.0 if score is None else score
    joined = (SCORE_WEIGHS * base + votes * 100 * share) / (SCORE_WEIGHS + votes)
    says = "not_enough_votes"
    if votes >= ENOUGH_VOTES and score is not None:
        says = "agrees"
        if not low <= score <= high:
            says = "likes_it_more" if low > score else "likes_it_less"
    return Judged(round(100 * share, 1), low, high, round(joined, 1), says)


def _wilson(share: float, votes: int) -> tuple[float, float]:
    """Wilson's interval of a share, in per cent."""
    z2 = Z * Z
    whole = 1 + z2 / votes
    middle = (share + z2 / (2 * votes)) / whole
    spread = Z * math.sqrt(share * (1 - share) / votes + z2 / (4 * votes * votes)) / whole
    return round(100 * max(0.0, middle - spread), 1), round(100 * min(1.0, middle + spread), 1)
