"""Short ways to the events that tests about logs need."""

from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.events import HOST, Actor, NewEvent

ROUTE = ev.RouteRef(provider="scripted", model="troupe")
ADA = Actor(type="participant", id="par_ada")


def participant(slug: str) -> Participant:
    return Participant(
        id=f"par_{slug}", persona_id=f"per_{slug}", slug=slug, name=slug.title(),
        short=slug.title(), color="rose", mask="seed", provider="scripted", model="troupe",
    )  # fmt: skip


def created(*slugs: str, topic: str = "Do fish get bored?", title: str = "Fish") -> NewEvent:
    body = ev.ConversationCreated(
        title=title, topic=topic, seed=7,
        participants=tuple(participant(slug) for slug in slugs or ("ada", "bo")),
    )  # fmt: skip
    return NewEvent(body=body, actor=HOST)


def started() -> NewEvent:
    return NewEvent(body=ev.ConversationStarted(), actor=HOST)


def paused(resume_at: str | None = None) -> NewEvent:
    because = "providers_down" if resume_at else None
    return NewEvent(body=ev.ConversationPaused(because=because, resume_at=resume_at), actor=HOST)


def resumed() -> NewEvent:
    return NewEvent(body=ev.ConversationResumed(), actor=HOST)


def ended() -> NewEvent:
    return NewEvent(body=ev.ConversationEnded(because="stopped"), actor=HOST)


def posted(message_id: str, text: str = "And what about whales?", name: str = "Anna") -> NewEvent:
    body = ev.MessagePosted(
        message_id=message_id, author=ev.Author(kind="viewer", name=name), text=text
    )
    return NewEvent(body=body, actor=Actor(type="viewer", id="usr_anna"))


def turn_started(turn: str, generation: int = 1) -> NewEvent:
    body = ev.TurnStarted(
        turn_id=f"trn_{turn}", message_id=f"msg_{turn}", participant_id="par_ada",
        generation=generation, cause="self_selected", pause_ms=500, route=ROUTE,
        energy=0.625,
    )  # fmt: skip
    return NewEvent(body=body, actor=ADA)


def completed(turn: str, text: str = "They would need to expect something first.") -> NewEvent:
    body = ev.MessageCompleted(
        turn_id=f"trn_{turn}", message_id=f"msg_{turn}", participant_id="par_ada", text=text,
        route=ROUTE, usage=ev.UsageRef(input_tokens=90, output_tokens=10, cost=0.25),
    )  # fmt: skip
    return NewEvent(body=body, actor=ADA)


def failed(turn: str, code: str = "provider_down") -> NewEvent:
    body = ev.TurnFailed(
        turn_id=f"trn_{turn}", message_id=f"msg_{turn}", participant_id="par_ada", code=code,
        retryable=True,
    )  # fmt: skip
    return NewEvent(body=body, actor=ADA)
