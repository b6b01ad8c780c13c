"""What participants remember: which notes they take of what they hear, and which come back.

No model is asked (`engine.md` section 7.2). A note belongs to one participant; nobody else of the
cast ever learns of it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from chimera.core import cues, likeness, mood, quality, signals, untrusted
from chimera.core import events as ev
from chimera.core.parts import Line, Note, Seat

if TYPE_CHECKING:
    from chimera.core.director import Speak
    from chimera.core.state import ConversationState

#: Notes a participant keeps, takes of one line, and is reminded of at once.
KEPT, TAKEN, RECALLED = 200, 2, 3
NOTE_CHARS = 160
#: A note must be worth so much to be told; more memory makes talk more uniform.
WORTH = 0.8
#: What was said in the last turns stands in everybody's ears anyway.
FRESH = 10
FADES = 0.97
#: In so many own turns after its use a note is not brought up again.
RESTS = 10
#: A sentence of fewer content words says nothing worth a note.
LEAST_WORDS = 4
#: By how much a note matters more whose message the stalls liked most.
LIKED = 0.2
#: Two notes more alike than this are one.
ALIKE = 0.6
#: Notes of one show that outlive it, and so many of all of them that come to the next one.
OUTLIVE, BROUGHT = 20, 10
#: So many words in a row are somebody's own.
QUOTED_WORDS = 4


@dataclass(frozen=True, slots=True)
class _Found:
    """A sentence worth keeping."""

    text: str
    kind: ev.NoteKind
    #: The participant it is about, or a viewer by name.
    about: str | None
    #: Who keeps it.
    keepers: tuple[str, ...]


# --- taking notes --------------------------------------------------------------------------------


def take(state: "ConversationState", line: Line) -> Iterator[ev.NoteTaken]:
    """What the cast keeps of a line that has just been said."""
    found = _of_a_viewer(state, line) if line.kind == "viewer" else _of_the_cast(state, line)
    taken: dict[str, int] = {}
    for each in found:
        for keeper in each.keepers:
            seat = state.seat(keeper)
            number = taken.get(keeper, 0)
            if number >= TAKEN or not _hears(seat, line) or _known(seat, each.text):
                continue
            taken[keeper] = number + 1
            yield ev.NoteTaken(
                note_id=_id_of(line, keeper, number), participant_id=keeper, text=each.text,
                kind=each.kind, about=each.about, source=line.message_id,
                importance=_importance(line, keeper),
            )  # fmt: skip


def _of_a_viewer(state: "ConversationState", line: Line) -> list[_Found]:
    """Anything people say about themselves, for everybody who hears it."""
    everybody = tuple(seat.id for seat in state.seats if seat.present)
    return [
        _Found(text, "human", line.name, everybody)
        for text in _sentences(line)
        if _tells(state, "of_oneself", text)
    ]


def _tells(state: "ConversationState", cue: str, text: str) -> bool:
    """Whether a text has one of a list of cues, in its own language."""
    listed = cues.lists_of(text, state.language)
    return bool(listed and quality.cues(cue, listed).search(quality.plain(text)))


def _of_the_cast(state: "ConversationState", line: Line) -> list[_Found]:
    """Promises and opinions bind who utters them, and stay with whom they are told."""
    me = line.participant_id
    if me is None:
        return []
    told = _told_to(state, line)
    sentences = _sentences(line)
    found = [
        _Found(text, kind, me, (me, *told))
        for text in sentences
        if (kind := _commits(state, line, text)) is not None
    ]
    found += [
        _Found(text, "claim", named[0], (named[0],))
        for text in sentences
        if (named := _quoted(state, line, text))
    ]
    stance = {each.to for each in (line.signals.stance or ())} if line.signals else set[str]()
    moved = tuple(who for who in told if who in stance)
    if moved and sentences:
        richest = max(sentences, key=lambda text: len(signals.content_words(text)))
        found.append(_Found(richest, "claim", me, moved))
    return found


def _sentences(line: Line) -> list[str]:
    """The statements of a line that are long enough to mean something and short enough to keep."""
    whole = (untrusted.one_line(each, 500) for each in signals.sentences(line.text))
    return [
        each
        for each in whole
        if len(each) <= NOTE_CHARS
        and each[-1:] not in "?？؟"
        and len(signals.content_words(each)) >= (2 if line.kind == "viewer" else LEAST_WORDS)
    ]


def _commits(state: "ConversationState", line: Line, text: str) -> ev.NoteKind | None:
    """How somebody commits themself in a sentence, if they do."""
    if _tells(state, "promises", text):
        return "promise"
    if line.signals and "joke" in (line.signals.acts or ()):
        return "joke"
    return "opinion" if _tells(state, "opinions", text) else None


def _quoted(state: "ConversationState", line: Line, text: str) -> tuple[str, ...]:
    """Whose words a sentence takes up by name."""
    if not _tells(state, "sayings", text):
        return ()
    named = signals.named(text, state.participants)
    return tuple(who for who in named if who != line.participant_id)


def _told_to(state: "ConversationState", line: Line) -> tuple[str, ...]:
    """Whom the line speaks to: those it names, else who spoke before."""
    if line.addressed:
        seated = {seat.id for seat in state.seats}
        return tuple(who for who in line.addressed if who in seated)
    before = [each.participant_id for each in state.lines if each.seq < line.seq]
    last = next((who for who in reversed(before) if who), None)
    return (last,) if last and last != line.participant_id else ()


def _hears(seat: Seat, line: Line) -> bool:
    return seat.present and line.seq > seat.joined_seq and line.heard_by(seat.id)


def _known(seat: Seat, text: str) -> bool:
    words = frozenset(signals.tokens(text))
    return any(
        signals.overlap(words, frozenset(signals.tokens(note.text))) > ALIKE
        for note in seat.memory[-50:]
    )


def _importance(line: Line, keeper: str) -> float:
    stances = (line.signals.stance or ()) if line.signals else ()
    felt = next((abs(each.value) for each in stances if each.to == keeper), 0.0)
    return round(min(1.0, 0.3 + 0.3 * felt + 0.2 * (line.kind == "viewer")), 3)


def _id_of(line: Line, keeper: str, number: int) -> str:
    """The same note of the same line has the same id, however often it is worked out."""
    digest = hashlib.sha256(f"{line.message_id}:{keeper}:{number}".encode()).hexdigest()
    return f"nte_{digest[:26]}"


# --- the fold ------------------------------------------------------------------------------------


def after_event(
    seats: tuple[Seat, ...], body: ev.Body, finished: int, actor: ev.Actor = ev.SYSTEM
) -> tuple[Seat, ...]:
    """The seats after an event, if it touches what somebody remembers."""
    match body:
        case ev.NoteTaken(participant_id=who):
            note = Note(
                id=body.note_id, text=body.text, kind=body.kind, about=body.about,
                source=body.source, importance=body.importance, turn=finished, used=finished,
                from_conversation=body.from_conversation,
            )  # fmt: skip
            return _changed(seats, who, lambda seat: _kept((*seat.memory, note), finished))
        case ev.NoteEdited(participant_id=who, note_id=which):
            changes = {"text": body.text, "importance": body.importance}
            return _changed(seats, who, lambda seat: tuple(
                replace(note, **changes) if note.id == which else note for note in seat.memory
            ))  # fmt: skip
        case ev.NoteRemoved(participant_id=who, note_id=which):
            return _changed(
                seats, who, lambda seat: tuple(note for note in seat.memory if note.id != which)
            )
        case ev.ReactionAdded() | ev.ReactionRemoved() if actor.type != "participant":
            return tuple(_reacted(seat, body, actor.id or actor.type) for seat in seats)
        case ev.ConversationCleared():
            return tuple(_swept(seat) for seat in seats)
        case ev.TurnStarted(participant_id=who, recalled=tuple() as recalled):
            return _changed(seats, who, lambda seat: tuple(
                replace(note, used=finished, own=seat.turns) if note.id in recalled else note
                for note in seat.memory
            ))  # fmt: skip
        case _:
            return seats


def _changed(
    seats: tuple[Seat, ...], who: str, change: Callable[[Seat], tuple[Note, ...]]
) -> tuple[Seat, ...]:
    return tuple(replace(seat, memory=change(seat)) if seat.id == who else seat for seat in seats)


def _reacted(seat: Seat, body: ev.ReactionAdded | ev.ReactionRemoved, viewer: str) -> Seat:
    """With what the stalls make of the messages that notes were taken from."""
    if all(note.source != body.message_id for note in seat.memory):
        return seat
    one = frozenset({(viewer, body.emoji)})

    def after(note: Note) -> Note:
        if note.source != body.message_id:
            return note
        added = isinstance(body, ev.ReactionAdded)
        return replace(note, reactions=note.reactions | one if added else note.reactions - one)

    return replace(seat, memory=tuple(map(after, seat.memory)))


def importance(note: Note, notes: Sequence[Note]) -> float:
    """How much a note matters to its owner, the more if the stalls liked its message most."""
    if not note.reactions:
        return note.importance
    liked = [_liked(each) for each in notes]
    spread = pstdev(liked)
    beyond = (_liked(note) - fmean(liked)) / spread if spread else 0.0
    return min(1.0, note.importance + LIKED * min(max(beyond, 0.0), 1.0))


def _liked(note: Note) -> int:
    """By how many more viewers its message was applauded than booed; each counts once."""
    sums: Counter[str] = Counter()
    for viewer, emoji in note.reactions:
        sums[viewer] += mood.sign(emoji)
    return sum((each > 0) - (each < 0) for each in sums.values())


def _swept(seat: Seat) -> Seat:
    """Without what it took of this show."""
    earlier = tuple(note for note in seat.memory if note.from_conversation)
    return replace(seat, memory=earlier) if seat.memory else seat


def _kept(notes: tuple[Note, ...], finished: int) -> tuple[Note, ...]:
    """Without the one that has faded most, where they are too many."""
    if len(notes) <= KEPT:
        return notes
    faint = min(notes, key=lambda note: importance(note, notes) * FADES ** (finished - note.turn))
    return tuple(note for note in notes if note is not faint)


# --- recalling -----------------------------------------------------------------------------------


def recall(
    state: "ConversationState",
    participant_id: str,
    *,
    closing: bool = False,
    embedder: likeness.Embedder | None = None,
) -> tuple[Note, ...]:
    """The notes that matter to a participant now, the worthiest first; for closing words one."""
    seat = state.seat(participant_id)
    old = [
        note for note in seat.memory
        if note.from_conversation or note.turn <= state.finished - FRESH
    ]  # fmt: skip
    if not old:
        return ()
    moment = _moment(state, participant_id)
    worth = {note.id: _worth(note, seat, moment, embedder) for note in old}
    best = sorted(old, key=lambda note: (-worth[note.id], note.id))[:RECALLED]
    told = tuple(note for note in best if worth[note.id] >= WORTH)
    return told or (tuple(best[:1]) if closing else ())


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a memory is held against."""

    finished: int
    newest: tuple[str, ...]
    #: Who spoke last, a participant's id or a viewer's name.
    speaker: str | None


def _moment(state: "ConversationState", participant_id: str) -> _Moment:
    heard = [line for line in state.lines[-8:] if line.heard_by(participant_id)]
    newest = [line for line in heard if line.participant_id != participant_id][-3:]
    last = newest[-1] if newest else None
    return _Moment(
        finished=state.finished,
        newest=tuple(line.text for line in newest),
        speaker=(last.participant_id or last.name) if last else None,
    )


def _worth(note: Note, seat: Seat, moment: _Moment, embedder: likeness.Embedder | None) -> float:
    relevance = likeness.to_newest(note.text, moment.newest, embedder)
    rested = note.own is None or seat.turns - note.own > RESTS
    return (
        min(max(relevance, 0.0), 1.0)
        + 0.7 * importance(note, seat.memory)
        + 0.5 * FADES ** (moment.finished - note.used)
        + 0.4 * (note.about is not None and note.about == moment.speaker)
        - 0.8 * (not rested)
    )


def told(state: "ConversationState", speak: "Speak") -> Iterator[str]:
    """What the speaker is reminded of, one sentence for each note."""
    names = {seat.id: untrusted.name(seat.participant.short) for seat in state.seats}
    for note in speak.recalled:
        text = untrusted.one_line(note.text, NOTE_CHARS)
        when = " from an earlier show" if note.from_conversation else ""
        if note.about == speak.participant_id:
            yield f"You remember saying{' in an earlier show' if when else ''}: “{text}”"
        elif note.kind == "human":
            who = untrusted.name(note.about or "")
            yield f"You remember that {who} in the audience said: “{text}”"
        elif note.about in names:
            yield f"You remember{when} about {names[note.about]}: “{text}”"
        else:
            yield f"You remember{when}: “{text}”"


# --- across conversations ------------------------------------------------------------------------


def remembering(told: Iterable[tuple[ev.Body, ev.Actor]]) -> tuple[Seat, ...]:
    """The seats of a conversation with what everybody in them remembers, and nothing else."""
    seats: dict[str, Seat] = {}
    finished = 0
    for body, actor in told:
        match body:
            case ev.ConversationCreated(participants=cast):
                seats = {each.id: Seat(participant=each) for each in cast}
            case ev.ParticipantJoined(participant_id=who, participant=newcomer) if newcomer:
                seats.setdefault(who, Seat(participant=newcomer))
            case ev.MessageCompleted():
                finished += 1
            case _:
                pass
        after = after_event(tuple(seats.values()), body, finished, actor)
        seats = {seat.id: seat for seat in after}
    return tuple(seats.values())


def lasting(notes: Sequence[Note], posted: Sequence[ev.MessagePosted]) -> tuple[Note, ...]:
    """The best of what somebody took of a show; what viewers said there stays there."""
    viewers = [each for each in posted if each.author.kind == "viewer"]
    names = {tuple(signals.tokens(each.author.name)) for each in viewers}
    words = {
        run for each in viewers for run in signals.ngrams(signals.tokens(each.text), QUOTED_WORDS)
    }
    own = (note for note in notes if note.kind != "human" and note.from_conversation is None)
    best = [note for note in own if not _of_the_stalls(note, names, words)]
    matters = {note.id: importance(note, notes) for note in best}
    best.sort(key=lambda note: (-matters[note.id], -note.turn, note.id))
    return tuple(replace(note, importance=matters[note.id]) for note in best[:OUTLIVE])


def _of_the_stalls(note: Note, names: set[tuple[str, ...]], words: set[tuple[str, ...]]) -> bool:
    """Whether a note names a viewer, or says what one has said."""
    said = signals.tokens(note.text)
    named = any(name in signals.ngrams(said, len(name)) for name in names if name)
    return named or not words.isdisjoint(signals.ngrams(said, QUOTED_WORDS))


def brought(notes: Iterable[Note], topic: str) -> tuple[Note, ...]:
    """Which notes of earlier shows come along to one about this topic."""
    meant = signals.vector(topic)

    def worth(note: Note) -> float:
        alike = signals.HASHED_PAIR.rel(signals.cosine(signals.vector(note.text), meant))
        return min(max(alike, 0.0), 1.0) + 0.7 * note.importance

    # Of equals those that were kept last: that is the order in which they come.
    return tuple(sorted(notes, key=lambda note: -worth(note))[:BROUGHT])
