"""A cast of two pairs of allies, and short ways to let one of them speak in company."""

from chimera.core import director, pacing
from chimera.core import events as ev
from chimera.core.conversation import Limits
from chimera.core.director import Speak
from chimera.lab.headless import Headless, seat

CAST = tuple(seat(index) for index in range(4))
ADA, BRUNO, CLEO, DORA = CAST


def allied(play: Headless, one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        play.append(ev.RelationChanged.model_validate({
            "from": first, "to": second, "affinity": 0.9, "delta": 0.5, "evidence": "msg_1",
            "alliance": "formed",
        }))  # fmt: skip


def pairs(seed: int, *, limits: Limits | None = None, whispers: bool = False) -> Headless:
    """Ada and Bruno are allies, and so are Cleo and Dora."""
    play = Headless(CAST, seed=seed, limits=limits, whispers=whispers)
    allied(play, ADA.id, BRUNO.id)
    allied(play, CLEO.id, DORA.id)
    return play


#: Ada begins, and Bruno ends.
DUET = Speak(participant_id=ADA.id, cause="duet", bids=(), words=24, with_=BRUNO.id)
#: Ada says something to Bruno alone.
WHISPER = Speak(
    participant_id=ADA.id, cause="self_selected", bids=(), words=12, audience=(ADA.id, BRUNO.id)
)


def begun(play: Headless, speak: Speak) -> Headless:
    """The turn has started."""
    rng = director.labelled(play.state)
    play.start(speak, pacing.plan(play.state, speak, None, rng))
    return play


def shared(play: Headless) -> Headless:
    begun(play, DUET).finish(
        DUET, "A lamp remembers nothing of the dark", "because it was never told. 🎭"
    )
    return play


def whispered(play: Headless, text: str) -> Headless:
    begun(play, WHISPER).finish(WHISPER, text)
    return play


def coming(play: Headless) -> Speak:
    """Who speaks next."""
    decision = director.decide(play.state, play.now, director.labelled(play.state))
    assert isinstance(decision, Speak)
    return decision
