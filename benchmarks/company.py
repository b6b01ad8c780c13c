"""Lines that two share, and what those do not know who did not hear it, against their goals.

python -m benchmarks.company
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.secrecy import CANARY
from benchmarks.table import Row, show
from chimera.core import events as ev
from chimera.core.company import duets, whispers
from chimera.core.director import Speak
from chimera.core.relations import Pair
from chimera.core.state import ConversationState
from chimera.lab import habits
from chimera.lab.headless import Headless, Writer, random_words, seat

CAST = tuple(seat(index) for index in range(4))
SEEDS, TURNS = 20, 100


class _Allied(Headless):
    """Two pairs who are allies from the beginning, whatever they say to each other."""

    def append(
        self, body: ev.Body, actor: ev.Actor = ev.SYSTEM, visibility: ev.Visibility = "all"
    ) -> ev.Envelope:
        envelope = super().append(body, actor, visibility)
        felt = self.state.feelings
        ties = felt.ties
        for one, other in ((CAST[0], CAST[1]), (CAST[2], CAST[3])):
            ties = ties.with_pair(one.id, other.id, Pair(allied=1))
        self.state = replace(self.state, feelings=replace(felt, ties=ties))
        return envelope


# --- duets ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Duets:
    """What was seen of them."""

    played: int = 0
    #: Fewest turns from one to the next.
    nearest: int = TURNS
    #: Offsets that do not fall on the space between two parts.
    astray: int = 0
    #: Most that the turns of all differ from the turns there were.
    unaccounted: float = 0.0
    #: How often one of the two spoke next.
    again: int = 0


def played() -> _Duets:
    """Plays of allies in which some lines are shared."""
    seen = _Duets()
    for seed in range(SEEDS):
        talk = _Allied(CAST, seed=seed).run(TURNS, random_words(seed))
        _shares(talk, seen)
        turns = sum(each.turns for each in talk.state.seats)
        seen.unaccounted = max(seen.unaccounted, abs(turns - talk.state.finished))
    return seen


def _shares(talk: Headless, seen: _Duets) -> None:
    bodies = [each.body for each in talk.log if isinstance(each.body, ev.MessageCompleted)]
    last: int | None = None
    for place, body in enumerate(bodies):
        if body.with_ is None:
            continue
        seen.played += 1
        seen.nearest = min(seen.nearest, TURNS if last is None else place - last)
        last = place
        first, second = duets.split(body.text, body.with_.offset)
        seen.astray += not (first and second and f"{first} {second}" == body.text)
        both = {body.participant_id, body.with_.participant_id}
        seen.again += place + 1 < len(bodies) and bodies[place + 1].participant_id in both


# --- whispers ------------------------------------------------------------------------------------


def leaked() -> Mapping[str, int]:
    """Lines of minds that say all they know, and how many hold what was whispered to others."""
    counts = {"whispers": 0, "lines": 0, "leaks": 0}
    for seed in range(SEEDS):
        talk, told = _Allied(CAST, seed=seed, whispers=True), set[str]()
        words = random_words(seed)

        def write(
            state: ConversationState,
            speak: Speak,
            told: set[str] = told,
            words: Writer = words,
        ) -> str:
            if speak.audience != "all":
                told.update(speak.audience)
                return f"{words(state, speak)} I love {CANARY}."
            if speak.participant_id not in told:
                counts["lines"] += 1
                counts["leaks"] += CANARY in habits.gullible(state, speak)
            return words(state, speak)

        talk.run(60, write)
        counts["whispers"] += sum(whispers.of_the_cast(each) for each in talk.state.lines)
    return counts


def rows() -> list[Row]:
    """Duets, and whispers between allies."""
    seen, secrets = played(), leaked()
    plays = f"{seen.played} duets in {SEEDS} plays"
    return [
        Row.at_least("duets of allies, in all plays", seen.played, SEEDS, fake="Stub"),
        Row.at_least(f"{plays}: fewest turns from one to the next", seen.nearest,
                     duets.APART + 1, fake="Stub", reference="by rule"),
        Row.at_most(f"{plays}: offsets that do not part the two", seen.astray, 0, fake="Stub"),
        Row.at_most(f"{plays}: turns unaccounted for, ½ for each", seen.unaccounted, 0,
                    fake="Stub"),
        Row.at_most(f"{plays}: next line by one of the two", seen.again, 0, fake="Stub"),
        Row.at_most(f"{secrets['lines']} lines that say all they know: what "
                    f"{secrets['whispers']} whispers told others", secrets["leaks"], 0,
                    fake="Gullible"),
    ]  # fmt: skip


if __name__ == "__main__":
    show(rows())
