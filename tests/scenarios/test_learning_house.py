"""Variants and votes in the running house, on virtual time."""

from collections.abc import AsyncGenerator
from functools import partial
from random import Random

import pytest
from playhouse import Playhouse, playhouse, seat
from test_minds import QUICK, Mind, fresh

from chimera.core import events as ev
from chimera.core.generation import Chunk, GenerationRequest
from chimera.core.learning.prediction import NEEDED, TURNS, observe
from chimera.core.persona import Persona, load_house
from chimera.engine.learning import LOOKED_AT, Study
from chimera.features.conversations import ballots
from chimera.features.conversations.foreseeing import Foreseen, Unforeseen, foresee
from chimera.features.conversations.trials import dress
from chimera.store import learning, personas

pytestmark = pytest.mark.looptime

GRUFF = "Speaks in gruff half sentences about the tide."
PLAIN = load_house()[0].model_copy(update={"slug": "keeper", "name": "Keeper", "short": "Keeper"})


class Listening(Mind):
    """Remembers what it was told of who it is."""

    def __init__(self) -> None:
        super().__init__(lambda _, number: fresh(number))
        self.cards: list[str] = []

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Chunk]:
        self.cards.append(request.system)
        async for chunk in super().stream(request):
            yield chunk


async def tried(house: Playhouse, *, approved: bool) -> str:
    """A persona of one's own with a variant; the variant's id."""
    kept = personas.Kept(
        id="per_1", version=1, persona=PLAIN, forked_from=None, owner="anna", created_at=1,
        updated_at=1,
    )  # fmt: skip
    await house.store.write(partial(personas.add, new=kept))
    variant = learning.Variant(
        id="var_1", persona_id="per_1", label="Gruff", changes={"voice": GRUFF}, created_at=1,
        approved_at=1 if approved else None,
    )  # fmt: skip
    await house.store.write(partial(learning.keep_variant, kept=variant))
    return variant.id


async def staged(house: Playhouse, persona: Persona, variant: str | None) -> str:
    """A conversation with it; its id."""
    own = seat(persona, "local").model_copy(
        update={"persona_id": "per_1", "version": 1, "variant": variant}
    )
    cast = (own, seat(load_house()[1], "scripted"))
    created = ev.ConversationCreated(
        title="Tides", topic="Is the sea tired?", participants=cast, seed=7, pace=QUICK
    )
    conversation_id = house.ids.new("cnv")
    events = [ev.NewEvent(body=body, actor=ev.HOST) for body in (created, ev.ConversationStarted())]
    await house.store.work(
        ev.HOST,
        lambda work: house.journal.create(work, conversation_id, events, wake_at=0),
    )
    await house.alarm.ring(conversation_id, house.clock.now())
    return conversation_id


@pytest.mark.parametrize(("variant", "told"), [("var_1", GRUFF), ("card", PLAIN.voice)])
async def test_a_model_is_told_the_words_of_its_variant(variant: str, told: str) -> None:
    mind = Listening()
    async with playhouse(mind) as house:
        await tried(house, approved=True)
        conversation_id = await staged(house, PLAIN, variant)
        await house.until(conversation_id, ev.MessageCompleted, 4)
    assert mind.cards
    other = {GRUFF, PLAIN.voice} - {told}
    assert all(told in card for card in mind.cards)
    assert not any(each in card for card in mind.cards for each in other)


async def test_who_is_cast_with_a_variant_plays_it_to_the_end_though_it_is_retired() -> None:
    mind = Listening()
    async with playhouse(mind) as house:
        variant = await tried(house, approved=True)
        await house.store.write(partial(learning.retire_variants, ids=[variant], at=2))
        conversation_id = await staged(house, PLAIN, variant)
        await house.until(conversation_id, ev.MessageCompleted, 4)
        cast = (await house.state(conversation_id)).participants
        fresh_cast = await house.store.read(partial(dress, cast=cast, seed=1))
    assert all(GRUFF in card for card in mind.cards)
    assert fresh_cast == cast


# -- what is foretold -------------------------------------------------------------------------


async def vote(house: Playhouse, conversation_id: str, value: int) -> None:
    judge = partial(
        ballots.judge, conversation_id=conversation_id, viewer="anna", value=value, at=1
    )
    await house.store.write(judge)


async def foretold(house: Playhouse, conversation_id: str) -> Foreseen | Unforeseen:
    return await house.store.read(partial(foresee, conversation_id=conversation_id))


async def history(house: Playhouse, count: int, *, telling: bool) -> None:
    """So many conversations that were judged, by how much was asked in them or by chance."""
    rng = Random(3)
    for _ in range(count):
        conversation_id = house.ids.new("cnv")
        questions = rng.random()
        liked = (questions if telling else rng.random()) > 0.5
        created = ev.ConversationCreated(title="Old", topic="Old?", participants=(), seed=1)
        event = [ev.NewEvent(body=created, actor=ev.HOST)]
        await house.store.work(
            ev.HOST,
            lambda work, of=conversation_id, event=event: house.journal.create(work, of, event),
        )
        look = partial(
            learning.observe, conversation_id=conversation_id,
            features={"questions": questions, "gap": rng.random()}, at=1,
        )  # fmt: skip
        await house.store.write(look)
        await vote(house, conversation_id, 1 if liked else -1)


async def test_a_prediction_needs_votes_and_then_twelve_turns() -> None:
    async with playhouse() as house:
        study = Study(house.store, house.clock)
        conversation_id = await house.open(pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, 3)
        await history(house, NEEDED - 1, telling=True)
        await study.go_on()
        few = await foretold(house, conversation_id)
        await history(house, 60, telling=True)
        await study.go_on()
        early = await foretold(house, conversation_id)
        await house.until(conversation_id, ev.MessageCompleted, TURNS, within=3600)
        found = await foretold(house, conversation_id)
    assert few == Unforeseen(because="not_enough_votes", votes=99, needed=NEEDED)
    assert early == Unforeseen(because="too_early", votes=159, needed=NEEDED)
    assert isinstance(found, Foreseen)
    assert found.votes == 159
    assert found.auc_low > 0.55
    assert 0 <= found.probability <= 1


async def test_what_is_no_better_than_chance_is_not_told() -> None:
    async with playhouse() as house:
        await history(house, 150, telling=False)
        await Study(house.store, house.clock).go_on()
        conversation_id = await house.open(pace=QUICK)
        found = await foretold(house, conversation_id)
    assert found == Unforeseen(because="no_better_than_chance", votes=150, needed=NEEDED)


async def test_a_beginning_is_looked_at_once_it_is_judged_and_long_enough() -> None:
    async with playhouse() as house:
        study = Study(house.store, house.clock)
        conversation_id = await house.open(pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, TURNS - 1, within=3600)
        await vote(house, conversation_id, 1)
        await study.go_on()
        assert await house.store.read(partial(learning.examples, most=9)) == []
        await house.until(conversation_id, ev.MessageCompleted, TURNS + 2, within=3600)
        await study.go_on()
        (example,) = await house.store.read(partial(learning.examples, most=9))
        begun = await house.log(conversation_id)
        assert example == (observe(conversation_id, begun), True)
        await vote(house, conversation_id, -1)
        (example,) = await house.store.read(partial(learning.examples, most=9))
        assert not example.liked


async def test_conversations_that_never_get_so_far_do_not_stand_in_the_way() -> None:
    async with playhouse() as house:
        study = Study(house.store, house.clock)
        for _ in range(LOOKED_AT):
            short = await house.open(pace=QUICK)
            await house.take_floor(short, ev.ConversationEnded(because="stopped"), "stopped")
            await vote(house, short, 1)
        conversation_id = await house.open(pace=QUICK)
        await house.until(conversation_id, ev.MessageCompleted, TURNS, within=3600)
        await vote(house, conversation_id, 1)
        await study.go_on()
        await study.go_on()
        assert len(await house.store.read(partial(learning.examples, most=9))) == 1


async def test_a_beginning_that_takes_for_ever_is_given_up() -> None:
    async with playhouse() as house:
        conversation_id = await house.open(pace=QUICK)
        await house.take_floor(conversation_id, ev.ConversationPaused(), "paused")
        renamed = ev.NewEvent(body=ev.ConversationRenamed(title="Again"), actor=ev.HOST)
        for _ in range(learning.BEGINNING // 60):
            await house.store.work(
                ev.HOST,
                lambda work: house.journal.append(work, conversation_id, [renamed] * 60),
            )
        await vote(house, conversation_id, 1)
        await Study(house.store, house.clock).go_on()
        look = partial(learning.unobserved, after="", most=9)
        assert await house.store.read(look) == []
        assert await house.store.read(partial(learning.examples, most=9)) == []
