"""Variants of a persona's card: written and approved by people, tried, and adopted by a click."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from chimera.api.deps import House
from chimera.core.errors import Conflict, Forbidden, Invalid, LimitReached
from chimera.core.ids import rfc3339
from chimera.core.learning.experiments import CARD, Tally
from chimera.core.persona import Persona
from chimera.features.learning import schemas
from chimera.features.personas import schemas as cards
from chimera.features.personas import service as personas
from chimera.store import learning
from chimera.store.database import Work
from chimera.store.learning import Variant

#: With more arms the floor would leave too little to what viewers like.
MOST = 5


def listing(connection: Connection, house: House, id_or_slug: str) -> schemas.Variants:
    """All variants of a persona that are not retired; none for the house's."""
    found = personas.find(connection, house, id_or_slug)
    kept = learning.variants_of(connection, found.id)
    tallies = learning.variant_tallies(connection, found.id)
    return schemas.Variants(
        persona_id=found.id,
        trying=any(each.approved_at for each in kept),
        card=schemas.Evidence.of(tallies.get(CARD, Tally())),
        items=[_shape(each, tallies) for each in kept],
    )


def create(
    work: Work, house: House, id_or_slug: str, wanted: schemas.CreateVariant
) -> schemas.Variant:
    """A new variant, which nobody plays yet. Raises Forbidden for the house's personas."""
    found = _own(work.connection, house, id_or_slug)
    if len(learning.variants_of(work.connection, found.id)) >= MOST:
        raise LimitReached(f"A persona has {MOST} variants at most.")
    variant = Variant(
        id=house.ids.new("var"), persona_id=found.id, label=wanted.label,
        changes=_changes(found.persona, wanted.changes), created_at=house.now(),
    )  # fmt: skip
    learning.keep_variant(work.connection, variant)
    return _shape(variant, {})


def change(
    work: Work, house: House, id_or_slug: str, variant_id: str, wanted: schemas.PatchVariant
) -> schemas.Variant:
    """Rename it, rewrite it while it is a draft, or approve it."""
    if wanted == schemas.PatchVariant():
        raise Invalid("Name at least one field to change.")
    found = _own(work.connection, house, id_or_slug)
    variant = learning.variant(work.connection, found.id, variant_id)
    if wanted.changes is not None:
        if variant.approved_at is not None:
            raise Conflict("It is being tried: its words stay. Write another variant.")
        variant = replace(variant, changes=_changes(found.persona, wanted.changes))
    if wanted.label is not None:
        variant = replace(variant, label=wanted.label)
    if wanted.approved and variant.approved_at is None:
        variant = replace(variant, approved_at=house.now())
    learning.keep_variant(work.connection, variant)
    return _shape(variant, learning.variant_tallies(work.connection, found.id))


def retire(work: Work, house: House, id_or_slug: str, variant_id: str) -> None:
    """It is cast no more; who plays it goes on."""
    found = _own(work.connection, house, id_or_slug)
    variant = learning.variant(work.connection, found.id, variant_id)
    learning.retire_variants(work.connection, [variant.id], at=house.now())


def adopt(work: Work, house: House, id_or_slug: str, variant_id: str) -> cards.Persona:
    """Make its words the persona's next version. The trial is over: all variants retire."""
    found = _own(work.connection, house, id_or_slug)
    variant = learning.variant(work.connection, found.id, variant_id)
    if variant.approved_at is None:
        raise Conflict("Approve this variant before it is adopted.")
    changes = cards.PatchPersona.model_validate(variant.changes)
    persona = personas.change(work, house, found.id, changes)
    everyone = [each.id for each in learning.variants_of(work.connection, found.id)]
    learning.retire_variants(work.connection, everyone, at=house.now())
    return persona


def _own(connection: Connection, house: House, id_or_slug: str) -> personas.Castable:
    found = personas.find(connection, house, id_or_slug)
    if found.kept is None:
        raise Forbidden("Variants are of personas of one's own. Fork this one.")
    return found


def _changes(persona: Persona, wanted: schemas.Changes) -> Mapping[str, Any]:
    """What differs from the card. Raises Conflict where nothing does."""
    given = wanted.model_dump(exclude_none=True)
    card = persona.model_dump(mode="json")
    changes = {name: value for name, value in given.items() if value != card[name]}
    if not changes:
        raise Conflict("This says what the card says already.")
    return changes


def _shape(variant: Variant, tallies: Mapping[str, Tally]) -> schemas.Variant:
    return schemas.Variant(
        id=variant.id,
        label=variant.label,
        changes=schemas.Replaced.model_validate(variant.changes),
        approved=variant.approved_at is not None,
        created_at=rfc3339(variant.created_at),
        approved_at=rfc3339(variant.approved_at) if variant.approved_at else None,
        evidence=schemas.Evidence.of(tallies.get(variant.id, Tally())),
    )
