"""A persona tried out before it is cast: the prompt it makes, and a few lines that nobody keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.core import director, guard, pacing, prompt, voices
from chimera.core import events as ev
from chimera.core.conversation import Pace, Participant
from chimera.core.director import Speak
from chimera.core.errors import BudgetSpent, Invalid, ProviderError
from chimera.core.generation import ImagePart, Performance, Route, Usage
from chimera.core.persona import VARIABLES, Persona
from chimera.core.state import ConversationState, apply
from chimera.engine import telling
from chimera.engine.asking import Asking
from chimera.engine.recall import load_sentiment
from chimera.features.personas import schemas, service
from chimera.providers.roster import IMPROV, SCRIPTED
from chimera.store import ledger

_ME, _PARTNER = "par_tried", "par_partner"
_TROUPE = Route(provider=SCRIPTED, model=IMPROV)
_DRAFT = "draft-persona"
#: From so few lines on a distance can be told at all.
_LEAST = 3
_DIFFERS = 3
#: What a model is told of each field; what is longer ends in an ellipsis (`core.prompt`).
_TOLD: Mapping[str, int] = {"about": 320, "voice": 320}
_LISTED: Mapping[str, int] = {"values": 4, "habits": 3, "forbidden": 6}
_ENTRY = 80


class NoPictures:
    """Implements `core.ports.Gallery`: nobody shows any here."""

    async def load(
        self,
        picture_ids: Sequence[str],  # noqa: ARG002 - whatever is asked for, there is none
    ) -> Mapping[str, ImagePart]:
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who is on stage: the persona that is tried, and the others."""

    tried: Persona
    others: tuple[Persona, ...]


def company(
    connection: Connection, house: House, card: schemas.CardInput, others: Sequence[str]
) -> Company:
    """Raises InvalidFields, or NotFound for one of the others."""
    found = [service.find(connection, house, each).persona for each in dict.fromkeys(others)]
    return Company(tried=service.written(card, slug=_DRAFT, house=house), others=tuple(found))


# -- the prompt -------------------------------------------------------------------------------


def preview(
    connection: Connection, house: House, wanted: schemas.PreviewPersona
) -> schemas.Preview:
    """What a model would be told before its first line."""
    cast = company(connection, house, wanted.persona, wanted.company)
    seats = [_seated(_ME, cast.tried, _TROUPE)]
    seats += [_seated(f"par_{each.slug}", each, _TROUPE) for each in cast.others]
    state = _opened("cnv_preview", seats, wanted.topic, seed=1, at=house.now())
    words = pacing.length(state, seats[0], director.labelled(state))
    speak = Speak(participant_id=_ME, cause="self_selected", bids=(), words=words)
    composed = prompt.compose(state, speak, cast.tried)
    return schemas.Preview(
        system=composed.system.replace(composed.canary, "········"),
        moment="\n\n".join(each.text for each in composed.messages),
        tokens=composed.tokens,
        cut=_cut(cast.tried),
        alike=service.sounds_like(connection, house, cast.tried, but=wanted.editing or _DRAFT),
        variables=dict(VARIABLES),
    )


def _cut(persona: Persona) -> list[str]:
    long = [name for name, most in _TOLD.items() if len(getattr(persona, name)) > most]
    for name, most in _LISTED.items():
        entries: tuple[str, ...] = getattr(persona, name)
        if len(entries) > most or any(len(each) > _ENTRY for each in entries[:most]):
            long.append(name)
    return long


def _seated(participant_id: str, persona: Persona, route: Route) -> Participant:
    return Participant(
        id=participant_id, persona_id=persona.id, slug=persona.slug, name=persona.name,
        short=persona.short, color=persona.color, mask=persona.mask, provider=route.provider,
        model=route.model, character=persona.character,
    )  # fmt: skip


def _opened(
    conversation_id: str, seats: Sequence[Participant], topic: str, *, seed: int, at: int
) -> ConversationState:
    created = ev.ConversationCreated(
        title=topic, topic=topic, participants=tuple(seats), pace=Pace(mode="instant"), seed=seed
    )
    state = ConversationState(id=conversation_id)
    for body in (created, ev.ConversationStarted()):
        state = _with(state, ev.NewEvent(body=body, actor=ev.SYSTEM), at)
    return state


def _with(state: ConversationState, new: ev.NewEvent, at: int) -> ConversationState:
    envelope = ev.Envelope(
        conversation_id=state.id, seq=state.seq + 1, at=at, actor=new.actor, body=new.body
    )
    return apply(state, envelope)


# -- a few lines ------------------------------------------------------------------------------


async def play(house: House, wanted: schemas.TryPersona) -> schemas.Tried:
    """The coming lines, and how far the persona's own are from its voice."""
    route = _route(house, wanted)
    cast = await house.store.read(
        partial(company, house=house, card=wanted.persona, others=[wanted.partner])
    )
    tryout = _Tryout(house, cast, wanted, route)
    return await tryout.run()


def _route(house: House, wanted: schemas.TryPersona) -> Route:
    if wanted.provider is None:
        return house.providers.best()
    known = {each.name: each for each in house.providers.known()}
    if wanted.provider not in known:
        raise Invalid(f"There is no such provider. There are: {', '.join(known)}.", path="provider")
    model = wanted.model or known[wanted.provider].default_model
    if model is None:
        raise Invalid("This provider has no model ready. Name one.", path="model")
    return Route(provider=wanted.provider, model=model)


class _Tryout:
    """One run of lines on a stage that is struck afterwards."""

    def __init__(
        self, house: House, cast: Company, wanted: schemas.TryPersona, route: Route
    ) -> None:
        self._house, self._cast, self._wanted = house, cast, wanted
        seats = [
            _seated(_ME, cast.tried, route), _seated(_PARTNER, cast.others[0], _TROUPE)
        ]  # fmt: skip
        self._state = _opened(
            house.ids.new("try"), seats, wanted.topic, seed=wanted.seed, at=house.now()
        )
        for said in wanted.said:
            self._recall(said)

    async def run(self) -> schemas.Tried:
        lines: list[schemas.TriedLine] = []
        stopped: str | None = None
        for _ in range(self._wanted.lines):
            try:
                lines.append(await self._line())
            except (ProviderError, BudgetSpent) as error:
                if not lines:
                    raise
                stopped = error.message
                break
        return schemas.Tried(lines=lines, drift=self._drift(), stopped=stopped)

    def _recall(self, said: schemas.Said) -> None:
        """What was said before, as far as words tell it."""
        if said.by == "viewer":
            body = ev.MessagePosted(
                message_id=self._house.ids.new("msg"), text=said.text, to=_ME,
                author=ev.Author(kind="viewer", name="Guest"),
            )  # fmt: skip
            new = ev.NewEvent(body=body, actor=ev.Actor(type="viewer"))
            self._state = _with(self._state, new, self._house.now())
            return
        who = _ME if said.by == "persona" else _PARTNER
        done = Performance(
            text=said.text, reason="stop", route=_TROUPE, usage=Usage(), first_token_ms=0,
            duration_ms=0,
        )  # fmt: skip
        line = guard.Trimmed(text=said.text, spoke_for=None, ending="complete")
        self._land(self._speak(who), self._turn(who), done, line)

    def _speak(self, who: str) -> Speak:
        state = self._state
        asked = state.unanswered[-1].message_id if state.unanswered and who == _ME else None
        seat = state.seat(who).participant
        return Speak(
            participant_id=who,
            cause="addressed" if asked else "self_selected",
            bids=(),
            words=pacing.length(state, seat, director.labelled(state)),
            replies_to=asked,
            human=asked is not None,
        )

    def _turn(self, who: str) -> telling.Turn:
        ids = self._house.ids
        speaker = self._state.seat(who).participant
        return telling.Turn(turn_id=ids.new("trn"), message_id=ids.new("msg"), speaker=speaker)

    async def _line(self) -> schemas.TriedLine:
        """The persona answers whoever has spoken; where it has itself, its partner does."""
        last = self._state.lines[-1] if self._state.lines else None
        who = _PARTNER if last and last.participant_id == _ME else _ME
        card = self._cast.tried if who == _ME else self._cast.others[0]
        turn, speak = self._turn(who), self._speak(who)
        asking = Asking(
            gateway=self._house.gateway, gallery=NoPictures(), card=card, turn=turn,
            state=self._state, speak=speak,
        )  # fmt: skip
        done = await asking.line(lambda _: None, on_stage=lambda: False, forget=lambda: None)
        # It was heard, if by one person only.
        await self._house.store.write(partial(ledger.settle, turn_id=turn.turn_id))
        line = guard.trim(
            done.text, turn.speaker, self._state.participants,
            words=len(done.text.split()) if done.scripted else speak.words,
            ending="complete", closing=done.scripted,
        )  # fmt: skip
        self._land(speak, turn, done, line)
        return schemas.TriedLine(
            by="persona" if who == _ME else "partner", text=line.text, provider=done.route.provider,
            model=done.route.model, scripted=done.scripted, cost=done.usage.cost,
        )  # fmt: skip

    def _land(
        self, speak: Speak, turn: telling.Turn, done: Performance, line: guard.Trimmed
    ) -> None:
        state, now = self._state, self._house.now()
        plan = pacing.plan(state, speak, line.text, director.labelled(state))
        begun = telling.started(turn, speak, plan, done.route, state, generation=1, heard=None)
        state = _with(state, begun, now)
        body = telling.completed(
            turn, speak, plan, done, line, state, load_sentiment(), ready_ms=now
        )
        self._state = _with(state, turn.says(body), now)

    def _drift(self) -> schemas.Drift:
        samples = self._cast.tried.sample_lines
        own = [line for line in self._state.lines if line.participant_id == _ME and line.words > 1]
        recent = tuple(line.text for line in own[-voices.WINDOW :])
        drift = schemas.Drift(
            lines=len(own), settles_at=voices.LEAST, reminded_at=voices.STRAYS,
            lost_at=voices.LOST, differs=[],
        )  # fmt: skip
        if len(recent) < _LEAST or len(samples) < voices.SAMPLES:
            return drift
        now, base = voices.of(recent), voices.of(samples)
        english = self._cast.tried.language.casefold().startswith("en")
        told = list(voices.differences(now, base, english=english).items())[:_DIFFERS]
        return drift.model_copy(
            update={
                "distance": round(voices.distance(now, base, english=english), 3),
                "differs": [schemas.Variance(of=name, by=round(by, 2)) for name, by in told],
            }
        )
