"""Seats the personas a caller asks for, each with the route that plays it, and recasts them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.api.errors import InvalidFields
from chimera.core import events as ev
from chimera.core.conversation import Participant
from chimera.core.errors import NotFound
from chimera.core.generation import ProviderState, Route
from chimera.core.persona import check_name
from chimera.core.routes.ranking import AUTO
from chimera.features.conversations.schemas import PatchParticipant, SeatRequest
from chimera.features.personas.service import Castable, find
from chimera.providers.roster import SCRIPTED
from chimera.store import log

#: Who plays when nobody was chosen.
DEFAULT_CAST = ("philosopher", "comedian", "scientist")
#: A margin label is no longer.
_LONGEST_SHORT = 24

Faults = list[tuple[str, str]]


def seat_all(
    connection: Connection, house: House, wanted: Sequence[SeatRequest] | None
) -> tuple[Participant, ...]:
    """The cast. Raises InvalidFields that name every seat that cannot be taken."""
    wanted = wanted or [SeatRequest(persona=slug) for slug in DEFAULT_CAST]
    faults: Faults = []
    seated: list[Participant] = []
    for place, seat in enumerate(wanted):
        path = f"cast.{place}"
        persona = _persona(connection, house, seat, path, faults)
        route = _route(house, seat, path, faults)
        if persona is not None and route is not None:
            participant = _seat(house, persona, seat, route)
            _check_unlike(participant, seated, path, faults)
            seated.append(participant)
    if faults:
        raise InvalidFields(faults)
    return tuple(seated)


def seats(connection: Connection, conversation_id: str) -> dict[str, Participant]:
    """Everybody who was ever seated, as they were cast last."""
    people: dict[str, Participant] = {}
    kinds = (ev.ConversationCreated, ev.ParticipantJoined)
    for each in log.read_kinds(connection, conversation_id, kinds):
        match each.body:
            case ev.ConversationCreated(participants=first):
                people |= {one.id: one for one in first}
            case ev.ParticipantJoined(participant=Participant() as newcomer):
                people[newcomer.id] = newcomer
            case _:
                pass
    return people


def recast(house: House, now: Participant, wanted: PatchParticipant) -> Participant:
    """The same persona, played by another model. Raises InvalidFields if that cannot be."""
    faults: Faults = []
    provider = wanted.provider or now.provider
    seat = SeatRequest(persona=now.persona_id, provider=provider, model=wanted.model)
    route = _route(house, seat, "", faults)
    if route is None:
        raise InvalidFields(faults)
    return now.model_copy(update={"provider": route.provider, "model": route.model})


def _persona(
    connection: Connection, house: House, seat: SeatRequest, path: str, faults: Faults
) -> Castable | None:
    try:
        persona = find(connection, house, seat.persona)
    except NotFound as error:
        faults.append((f"{path}.persona", error.message))
        return None
    if seat.name is not None:
        try:
            check_name(seat.name)
        except ValueError:
            faults.append((f"{path}.name", "This cannot be the name of somebody on stage."))
    return persona


def _route(house: House, seat: SeatRequest, path: str, faults: Faults) -> Route | None:
    """What was asked for, else what the house plays with."""
    best = house.providers.best()
    if seat.provider is None and seat.model is None:
        return best
    known = {each.name: each for each in house.providers.known()}
    if seat.provider == AUTO:
        return _any(seat, known.values(), path, faults)
    provider = known.get(seat.provider or best.provider)
    if provider is None:
        names = ", ".join(known)
        faults.append((_at(path, "provider"), f"There is no such provider. There are: {names}."))
        return None
    model = seat.model or provider.default_model
    if model is None:
        faults.append((_at(path, "model"), f"{provider.title} has no model ready. Name one."))
        return None
    if _lacks(provider, model):
        names = ", ".join(provider.models[:10])
        faults.append((_at(path, "model"), f"{provider.title} has no such model. It has: {names}."))
        return None
    return Route(provider=provider.name, model=model)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _any(
    seat: SeatRequest, known: Iterable[ProviderState], path: str, faults: Faults
) -> Route | None:
    """No route in particular: each turn goes to whoever is best for it then."""
    if seat.model not in {None, AUTO}:
        faults.append((_at(path, "model"), "Where the provider is free, so is the model."))
        return None
    if not any(each.ready is not False and each.name != SCRIPTED for each in known):
        faults.append((_at(path, "provider"), "No provider of models is ready."))
        return None
    return Route(provider=AUTO, model=AUTO)


def _lacks(provider: ProviderState, model: str) -> bool:
    """Lists of distant providers are never complete; what runs here is all there is."""
    return bool(provider.local and provider.ready and provider.models) and (
        model not in provider.models
    )


def _seat(house: House, found: Castable, seat: SeatRequest, route: Route) -> Participant:
    persona = found.persona
    return Participant(
        id=house.ids.new("par"),
        persona_id=found.id,
        version=found.version,
        slug=persona.slug,
        name=seat.name or persona.name,
        short=seat.name[:_LONGEST_SHORT].strip() if seat.name else persona.short,
        color=persona.color,
        mask=persona.mask,
        provider=route.provider,
        model=route.model,
        temperature=seat.temperature,
        character=persona.character,
    )


def _check_unlike(
    newcomer: Participant, seated: Sequence[Participant], path: str, faults: Faults
) -> None:
    """Two of one name could not be told apart, neither by the audience nor by a model."""
    for other in seated:
        if other.persona_id == newcomer.persona_id:
            faults.append((f"{path}.persona", "This persona is in the cast already."))
        elif {name.casefold() for name in other.names} & {newcomer.name.casefold()}:
            faults.append((f"{path}.name", "Somebody else in the cast is called that."))
