"""What a house without a database keeps of its calls: bills, records, answers."""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass

from chimera.core.errors import BudgetSpent
from chimera.core.generation import GenerationRequest, Performance, Usage
from chimera.core.ports import CallRecord, Reservation
from chimera.providers.roster import SCRIPTED

#: Answers kept for those who ask the same again, in bytes of their text, and for how long.
_MOST_BYTES = 1024 * 1024
_ANSWER_AGE = 3600.0
_MOST_RECORDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One call; `usage` is None while only the most it may take is known."""

    call: Reservation
    usage: Usage | None = None

    @property
    def cost(self) -> float:
        """What counts against budgets: the most possible until something better is known."""
        if self.usage is None:
            return self.call.cost
        return self.usage.cost or 0.0


class MemoryLedger:
    """Implements `core.ports.Ledger` for as long as the process lives."""

    def __init__(self) -> None:
        self.bills: dict[str, Bill] = {}

    @property
    def total(self) -> float:
        return sum(bill.cost for bill in self.bills.values())

    async def reserve(self, call: Reservation) -> None:
        spent = sum(
            bill.cost
            for bill in self.bills.values()
            if bill.call.conversation_id == call.conversation_id
        )
        if call.cost and call.ceiling is not None and spent + call.cost > call.ceiling:
            raise BudgetSpent(
                f"The conversation's budget of ${call.ceiling:g} is spent.", scope="conversation"
            )
        self.bills[call.id] = Bill(call=call)

    async def report(self, call_id: str, usage: Usage) -> None:
        self.bills[call_id] = Bill(call=self.bills[call_id].call, usage=usage)


class MemoryRecorder:
    """Implements `core.ports.Recorder`: the last calls, if anybody wants them."""

    def __init__(self, *, on: bool = False) -> None:
        self._on = on
        self.calls: list[CallRecord] = []

    @property
    def on(self) -> bool:
        return self._on

    async def record(self, call: CallRecord) -> None:
        self.calls.append(call)
        del self.calls[:-_MOST_RECORDS]


class AnswerCache:
    """Answers by exactly what was asked; for titles and judgements, never for live talk."""

    def __init__(self, *, most_bytes: int = _MOST_BYTES, age: float = _ANSWER_AGE) -> None:
        self._most_bytes = most_bytes
        self._age = age
        self._bytes = 0
        self._answers: OrderedDict[str, tuple[float, Performance]] = OrderedDict()

    def get(self, key: str, now: float) -> Performance | None:
        at, answer = self._answers.get(key, (0.0, None))
        if answer is None or now - at > self._age:
            return None
        self._answers.move_to_end(key)
        return answer

    def put(self, key: str, answer: Performance, now: float) -> None:
        self._drop(key)
        self._answers[key] = now, answer
        self._bytes += _size(key, answer)
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: str) -> None:
        _, answer = self._answers.pop(key, (0.0, None))
        if answer is not None:
            self._bytes -= _size(key, answer)


def answer_key(provider: str, request: GenerationRequest) -> str:
    """The whole question in one hash: provider, model, every knob, every word."""
    if provider == SCRIPTED or request.pictures or request.scene is not None:
        raise ValueError("only plain questions to models have a key")
    asked = [
        provider, request.model, request.system,
        [[message.role, message.text] for message in request.messages],
        list(request.stop), request.temperature, request.top_p, request.max_output_tokens,
        request.seed, request.thinking,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _size(key: str, answer: Performance) -> int:
    return len(key) + len(answer.text.encode())
