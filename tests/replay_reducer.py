"""A viewer's reader in Python, for the golden replays that the browser's reducer passes too.

It follows the rules of `contracts/README.md` with the pieces of `chimera.core.sequence`.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from chimera.core.sequence import Draft, Sequencer, Verdict, splice

Frame = dict[str, Any]

#: What is told on stage besides the messages.
TOLD = frozenset({
    "conversation.started", "conversation.paused", "conversation.resumed", "conversation.ended",
    "conversation.cleared", "participant.joined", "participant.left", "participant.muted",
    "participant.unmuted", "participant.invited", "topic.changed", "turn.failed",
})  # fmt: skip
STATUS = {
    "conversation.created": "created", "conversation.started": "running",
    "conversation.paused": "paused", "conversation.resumed": "running",
    "conversation.ended": "ended",
}  # fmt: skip


@dataclass(slots=True)
class Reader:
    """What one viewer has made of the frames so far."""

    sequencer: Sequencer = field(default_factory=Sequencer)
    generation: int = 0
    status: str = "created"
    names: dict[str, str] = field(default_factory=dict[str, str])
    #: Finished messages and stage directions with their seq, drafts by message.
    messages: list[tuple[int, dict[str, Any]]] = field(
        default_factory=list[tuple[int, dict[str, Any]]]
    )
    directions: list[tuple[int, dict[str, Any]]] = field(
        default_factory=list[tuple[int, dict[str, Any]]]
    )
    open_turns: dict[str, Draft] = field(default_factory=dict[str, Draft])
    held: list[Frame] | None = None
    resyncs: int = 0

    def take(self, frame: Frame) -> None:
        """One arrival: a frame, or the refill that answers a gap."""
        if "refill" in frame:
            held, self.held = self.held or [], None
            for envelope in frame["refill"]:
                self._event(envelope)
            for each in held:
                self.take(each)
        elif self.held is not None:
            self.held.append(frame)
        elif frame["kind"] == "event":
            self._event(frame)
        else:
            self._hint(frame)

    def _hint(self, frame: Frame) -> None:
        match frame["type"]:
            case "snapshot":
                self._snapshot(frame)
            case "message.delta":
                self._delta(frame["body"])
            case "draft.withdrawn":
                self._withdrawn(frame["body"])
            case _:
                pass

    def expected(self) -> dict[str, Any]:
        """The outcome in the words of a replay file."""
        finished = [message for _, message in sorted(self.messages, key=lambda pair: pair[0])]
        spoken = [
            {
                "id": draft.message_id, "author": self.names.get(draft.participant_id, ""),
                "text": draft.text, "ending": "complete", "draft": True,
            }
            for draft in self.open_turns.values()
        ]  # fmt: skip
        return {
            "status": self.status,
            "head_seq": self.sequencer.last,
            "messages": [*finished, *spoken],
        }

    def _event(self, event: Frame) -> None:
        match self.sequencer.judge(event["seq"]):
            case Verdict.NEXT:
                self._fold(event)
            case Verdict.GAP:
                self.held = [event]
            case Verdict.SEEN:
                pass

    def _fold(self, event: Frame) -> None:
        body, type_ = event["body"], event["type"]
        self.status = STATUS.get(type_, self.status)
        for each in (*body.get("participants", ()), body.get("participant")):
            if isinstance(each, dict):
                self.names[each["id"]] = each["name"]
        match type_:
            case "turn.started":
                self._turn_started(body)
            case "turn.failed":
                self.open_turns.pop(body["message_id"], None)
            case "message.completed" | "message.posted":
                self.open_turns.pop(body["message_id"], None)
                self._message(event)
            case "conversation.cleared":
                self._cleared(body["up_to_seq"])
            case _:
                pass
        if type_ in TOLD:
            who = self.names.get(body.get("participant_id", ""))
            self.directions.append((event["seq"], {**body, "type": type_, "participant": who}))

    def _cleared(self, limit: int) -> None:
        self.messages = [pair for pair in self.messages if pair[0] > limit]
        self.directions = [pair for pair in self.directions if pair[0] > limit]

    def _message(self, event: Frame) -> None:
        body = event["body"]
        posted = "author" in body
        message = {
            "id": body["message_id"],
            "author": body["author"]["name"] if posted else self.names[body["participant_id"]],
            "text": body["text"],
            "ending": body.get("ending", "complete"),
            "draft": False,
        }
        self.messages.append((event["seq"], message))

    def _turn_started(self, body: Frame) -> None:
        if body["generation"] > self.generation:
            self.generation = body["generation"]
            self.open_turns = {}
        self.open_turns[body["message_id"]] = Draft(
            message_id=body["message_id"], turn_id=body["turn_id"],
            participant_id=body["participant_id"], generation=body["generation"],
        )  # fmt: skip

    def _snapshot(self, frame: Frame) -> None:
        self.generation = max(self.generation, frame["generation"])
        self._forget()
        draft = frame["draft"]
        if draft is not None and draft["generation"] >= self.generation:
            self.generation = draft["generation"]
            names = ("message_id", "turn_id", "participant_id", "generation", "text", "offset")
            self.open_turns[draft["message_id"]] = Draft(**{name: draft[name] for name in names})

    def _forget(self) -> None:
        """Drafts lose their text; their turns stay open."""
        self.open_turns = {
            key: replace(draft, text="", offset=0) for key, draft in self.open_turns.items()
        }

    def _delta(self, body: Frame) -> None:
        draft = self.open_turns.get(body["message_id"])
        if draft is None or body["generation"] < self.generation:
            return
        if body["generation"] > self.generation:
            self.generation = body["generation"]
            self._forget()
            draft = replace(self.open_turns[body["message_id"]], generation=self.generation)
        spliced = splice(
            draft, generation=body["generation"], offset=body["offset"], text=body["text"]
        )
        if spliced is None:
            self.resyncs += 1
        self.open_turns[body["message_id"]] = spliced or draft

    def _withdrawn(self, body: Frame) -> None:
        draft = self.open_turns.get(body["message_id"])
        if draft is not None and body["generation"] >= self.generation:
            self.open_turns[body["message_id"]] = replace(draft, text="", offset=0)
