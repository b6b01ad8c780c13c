"""How directors weigh who should speak: each is a scheme that turns quantities into named terms.

`show` and `human` are those of `engine.md` sections 3.2 and 3.3; packages may bring others
(`chimera.directors`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

#: The codes a bid may give as its reason.
REASONS = (
    "addressed", "owed", "topic", "thread", "tie", "crowd", "energy", "waiting", "mediation",
    "overdue", "invited", "director",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a scheme looks at for one participant."""

    addressed: bool
    #: Named in one of the last messages, the very last included, and silent since.
    owed: bool
    #: The same without the very last one.
    owed_before: bool
    fit: float
    #: Affinity toward the last speaker, and how much it counts: more in a quarrel of words.
    affinity: float
    tie_weight: float
    #: The crowd as this participant feels it, if it has just spoken.
    crowd: float
    #: Has been asked to make peace.
    mediates: bool
    energy: float
    wait: int
    spoken: bool
    #: Share of the turns so far, and the share that talkativeness asks for.
    turns: float
    share: float
    target: float
    talk: float
    mean_talk: float
    #: Was the previous-but-one speaker.
    aba: bool
    #: Share of the last message's words that this participant has used.
    echo: float
    #: Finished turns, and how many participants may speak.
    finished: int
    size: int
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A director's way of weighing; `middle` and `slope` shape the raised hand."""

    name: str
    #: One sentence for whoever chooses a director.
    description: str
    version: str = "1"
    #: What counts for one participant, by the codes of REASONS; pure and quick.
    terms: Callable[[View], Mapping[str, float]]
    temperature: float
    middle: float
    slope: float
    #: Nobody waits much longer than this many times the share they are due.
    patience: float
    #: Whether it looks at `View.echo`, the only one that takes time to find out.
    echoes: bool = False


def _show(view: View) -> Mapping[str, float]:
    """Hand weights, tuned so that the statistics stay human and nothing looks mechanical."""
    behind = view.size * (view.target - view.share) * min(1.0, view.finished / 10)
    return {
        "addressed": 4.5 * view.addressed,
        "owed": 1.6 * view.owed,
        "topic": 1.4 * view.fit,
        "thread": 2.2 * view.spoken / (view.wait + 1),
        "tie": view.tie_weight * abs(view.affinity),
        "crowd": 0.3 * view.crowd,
        "mediation": 2.0 * view.mediates,
        "energy": 3.6 * (view.talk - view.mean_talk) + 0.2 * view.energy,
        "waiting": 0.15 * max(0, view.wait - view.size) + 0.6 * behind,
    }


def _human(view: View) -> Mapping[str, float]:
    """A conditional logit fitted to the floor changes of a support community."""
    share = math.log((view.turns + 3 * view.target) / (view.finished + 3))
    casting = math.log(view.size * view.target)
    return {
        "addressed": 0.50 * view.addressed,
        "owed": 0.62 * view.owed_before,
        "topic": 0.20 * view.echo,
        "thread": 1.67 * view.spoken / (view.wait + 1)
        + 0.10 * view.aba
        + 0.11 * (view.aba and view.asked),
        "mediation": 2.0 * view.mediates,
        "energy": 0.39 * share + 0.61 * casting,
    }


SHOW = Scheme(
    name="show",
    description="Lively and even: whoever is spoken to answers, and nobody is forgotten.",
    terms=_show,
    temperature=0.9,
    middle=2.0,
    slope=0.8,
    patience=2.5,
)
HUMAN = Scheme(
    name="human",
    description="As people do it: talkative ones talk more, and others take the floor first.",
    terms=_human,
    temperature=1.0,
    middle=0.45,
    slope=0.4,
    patience=4.0,
    echoes=True,
)
#: Weighs as `show` does; what a model says of the coming turn is added if it is said in time.
MODEL = replace(
    SHOW,
    name="model",
    description="As `show`, with a model in the wings that says who should be heard next.",
)
SCHEMES: Mapping[str, Scheme] = {each.name: each for each in (SHOW, HUMAN, MODEL)}
