"""How each wire format says the same things; the provider of the tests speaks them all."""

import json
from abc import ABC, abstractmethod
from typing import Any

from provider_server import DONE, delta, event, finish, usage

from chimera.core.errors import BadStream, ProviderError, TruncatedStream

#: Tokens read and written, as a provider reports them: rightly, wrongly, or not at all.
Counts = tuple[int, int] | str | None
RIGHT = (12, 5)


def sse(**fields: Any) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


class Format(ABC):
    """One wire format."""

    #: The path of the call that asks for an answer.
    path: str
    #: A model for which the adapter speaks this format.
    model = "m1"
    stop_word = "stop"
    response_id: str | None = "r1"
    #: Bytes that are no token, and an event that cannot be read.
    quiet = b": still thinking\n\n"
    junk = b"data: {nonsense}\n\n"
    too_long: str
    #: What a JSON object without an answer means where a stream was wanted.
    pointless: type[ProviderError] = BadStream

    def begin(self) -> bytes:
        return b""

    @abstractmethod
    def text(self, text: str) -> bytes: ...

    @abstractmethod
    def thought(self, text: str) -> bytes: ...

    @abstractmethod
    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        """The answer's end: `stop`, `length`, `refused` or `filtered`."""

    @abstractmethod
    def fault(self, error: object) -> bytes:
        """This error object inside a running stream."""

    @abstractmethod
    def trouble(self, *, busy: bool = False) -> bytes:
        """An error inside a running stream, as this format words it."""

    @abstractmethod
    def counted_twice(self) -> bytes:
        """A whole stream that tells its usage more than once, at last as it was."""

    def long_line(self, size: int) -> bytes:
        """A line without an end in sight."""
        return b"data: " + b"x" * size

    @abstractmethod
    def refusal(self, status: int, message: str) -> object:
        """The body of an answer that is none."""

    @abstractmethod
    def models(self, *ids: str, context: int) -> list[object]:
        """The answers that together list these models."""

    def ends_as(self, reason: str) -> str:
        """What an end may be read as: not every format tells refused from filtered."""
        return reason

    def whole(self, *texts: str) -> bytes:
        """A stream in which everything is right."""
        return self.begin() + b"".join(map(self.text, texts)) + self.end()


class ChatFormat(Format):
    path = "/v1/chat/completions"
    too_long = "This model's maximum context length is 8,192 tokens."

    def begin(self) -> bytes:
        return delta("")

    def text(self, text: str) -> bytes:
        return delta(text)

    def thought(self, text: str) -> bytes:
        return delta(reasoning_content=text)

    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        words = {"stop": "stop", "length": "length", "filtered": "content_filter"}
        told = delta(refusal="I cannot say that.") if reason == "refused" else b""
        report = b""
        if isinstance(counts, tuple):
            report = usage(*counts)
        elif counts:
            report = event(usage=counts)
        return told + finish(words.get(reason, "stop")) + report + DONE

    def fault(self, error: object) -> bytes:
        return event(error=error)

    def trouble(self, *, busy: bool = False) -> bytes:
        return self.fault({"message": "overloaded", "code": 429 if busy else 503})

    def counted_twice(self) -> bytes:
        counts = usage(1, 1) + finish() + usage(12, 5) + usage(-1, -1)
        return delta("Tea.") + counts + DONE

    def refusal(self, status: int, message: str) -> object:
        return {"error": {"message": message}}

    def models(self, *ids: str, context: int) -> list[object]:
        entries = [{"id": each, "context_length": context} for each in ids]
        return [{"object": "list", "data": [*entries, {"id": "text-embedding-3"}]}]


class ResponsesFormat(ChatFormat):
    """OpenAI lists its models for both of its formats alike."""

    path = "/v1/responses"
    model = "gpt-5-mini"
    stop_word = "completed"
    too_long = "Your input exceeds the context window of this model."

    def begin(self) -> bytes:
        return sse(type="response.created", response={"id": "r1", "status": "in_progress"})

    def text(self, text: str) -> bytes:
        return sse(type="response.output_text.delta", delta=text, output_index=0)

    def thought(self, text: str) -> bytes:
        return sse(type="response.reasoning_summary_text.delta", delta=text)

    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        response: dict[str, Any] = {"id": "r1", "model": "m1", "status": "completed"}
        stopped = {"length": "max_output_tokens", "filtered": "content_filter"}.get(reason)
        if stopped:
            response |= {"status": "incomplete", "incomplete_details": {"reason": stopped}}
        if isinstance(counts, tuple):
            response["usage"] = {"input_tokens": counts[0], "output_tokens": counts[1]}
        elif counts:
            response["usage"] = counts
        told = sse(type="response.refusal.delta", delta="No.") if reason == "refused" else b""
        return told + sse(type=f"response.{response['status']}", response=response)

    def fault(self, error: object) -> bytes:
        return sse(type="response.failed", response={"error": error})

    def trouble(self, *, busy: bool = False) -> bytes:
        code = "rate_limit_exceeded" if busy else "server_error"
        return self.fault({"code": code, "message": "x"})

    def counted_twice(self) -> bytes:
        return self.begin() + self.text("Tea.") + self.end() + self.end(counts=(1, 1))


class MessagesFormat(Format):
    path = "/v1/messages"
    stop_word = "end_turn"
    quiet = b'event: ping\ndata: {"type": "ping"}\n\n'
    too_long = "prompt is too long: 210000 tokens > 200000 maximum"

    def ends_as(self, reason: str) -> str:
        return "refused" if reason == "filtered" else reason

    def begin(self) -> bytes:
        message = {"id": "r1", "model": "m1", "usage": {"input_tokens": 12, "output_tokens": 1}}
        block = {"type": "text", "text": ""}
        return sse(type="message_start", message=message) + sse(
            type="content_block_start", index=0, content_block=block
        )

    def text(self, text: str) -> bytes:
        return sse(type="content_block_delta", delta={"type": "text_delta", "text": text})

    def thought(self, text: str) -> bytes:
        return sse(type="content_block_delta", delta={"type": "thinking_delta", "thinking": text})

    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        words = {"stop": "end_turn", "length": "max_tokens"}
        report: Any = counts
        if isinstance(counts, tuple):
            report = {"input_tokens": counts[0], "output_tokens": counts[1]}
        delta = {"stop_reason": words.get(reason, "refusal")}
        return sse(type="message_delta", delta=delta, usage=report) + sse(type="message_stop")

    def fault(self, error: object) -> bytes:
        return b"event: error\n" + sse(type="error", error=error)

    def trouble(self, *, busy: bool = False) -> bytes:
        kind = "rate_limit_error" if busy else "overloaded_error"
        return self.fault({"type": kind, "message": "x"})

    def counted_twice(self) -> bytes:
        early = sse(type="message_delta", delta={}, usage={"output_tokens": 1})
        return self.begin() + early + self.text("Tea.") + self.end()

    def refusal(self, status: int, message: str) -> object:
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        kind = kinds.get(status, "overloaded_error" if status == 529 else "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": message}}

    def models(self, *ids: str, context: int) -> list[object]:
        entries = [{"type": "model", "id": each, "max_input_tokens": context} for each in ids]
        gone = {"type": "model", "id": "old", "lifecycle": "retired"}
        return [{"data": [*entries, gone], "has_more": False}]


class GeminiFormat(Format):
    path = "/v1beta/models/m1:streamGenerateContent?alt=sse"
    stop_word = "STOP"
    too_long = "The input token count (1200) exceeds the maximum number of tokens allowed (1000)."
    pointless = TruncatedStream

    def ends_as(self, reason: str) -> str:
        return "filtered" if reason == "refused" else reason

    def _event(self, *parts: object, **fields: Any) -> bytes:
        candidate = {"content": {"role": "model", "parts": parts}, **fields.pop("also", {})}
        return sse(candidates=[candidate], modelVersion="m1", responseId="r1", **fields)

    def text(self, text: str) -> bytes:
        return self._event({"text": text}, usageMetadata={"promptTokenCount": 12})

    def thought(self, text: str) -> bytes:
        return self._event({"text": text, "thought": True, "thoughtSignature": "abc"})

    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        words = {"stop": "STOP", "length": "MAX_TOKENS"}
        report: Any = counts
        if isinstance(counts, tuple):
            report = {"promptTokenCount": counts[0], "candidatesTokenCount": counts[1]}
        return self._event(also={"finishReason": words.get(reason, "SAFETY")}, usageMetadata=report)

    def fault(self, error: object) -> bytes:
        return sse(error=error)

    def trouble(self, *, busy: bool = False) -> bytes:
        return self.fault({"code": 429 if busy else 503, "message": "overloaded"})

    def counted_twice(self) -> bytes:
        early = {"promptTokenCount": 12, "candidatesTokenCount": 1}
        wrong = {"promptTokenCount": -1, "candidatesTokenCount": -1}
        told = self._event({"text": "Tea."}, usageMetadata=early)
        return self.begin() + told + self.end() + self._event(usageMetadata=wrong)

    def refusal(self, status: int, message: str) -> object:
        return {"error": {"code": status, "message": message, "status": "X", "details": []}}

    def models(self, *ids: str, context: int) -> list[object]:
        def entry(name: str, method: str) -> object:
            known = {"inputTokenLimit": context, "supportedGenerationMethods": [method]}
            return {"name": f"models/{name}", **known}

        embedding = entry("gemini-embedding-1", "embedContent")
        return [{"models": [*(entry(each, "generateContent") for each in ids), embedding]}]


class GeminiArrayFormat(GeminiFormat):
    """What a server sends that takes no notice of `alt=sse`."""

    quiet = b"\n"
    junk = b"{nonsense}\n,\n"

    def _event(self, *parts: object, **fields: Any) -> bytes:
        return super()._event(*parts, **fields).removeprefix(b"data: ").strip() + b"\n,\n"

    def begin(self) -> bytes:
        return b"["

    def fault(self, error: object) -> bytes:
        return super().fault(error).removeprefix(b"data: ")

    def long_line(self, size: int) -> bytes:
        return b'[{"text": "' + b"x" * size


class OllamaFormat(Format):
    path = "/api/chat"
    response_id = None
    junk = b"{nonsense}\n"
    too_long = "the input length exceeds the context length"

    def ends_as(self, reason: str) -> str:
        return reason if reason == "length" else "stop"

    def _line(self, **fields: Any) -> bytes:
        return json.dumps({"model": "m1", "done": False, **fields}).encode() + b"\n"

    @property
    def quiet(self) -> bytes:  # pyright: ignore[reportIncompatibleVariableOverride]  # only read
        return self.text("")

    def text(self, text: str) -> bytes:
        return self._line(message={"role": "assistant", "content": text})

    def thought(self, text: str) -> bytes:
        return self._line(message={"role": "assistant", "content": "", "thinking": text})

    def end(self, reason: str = "stop", *, counts: Counts = RIGHT) -> bytes:
        read, written = counts if isinstance(counts, tuple) else (counts, counts)
        report = {"prompt_eval_count": read, "eval_count": written}
        told = {name: count for name, count in report.items() if count is not None}
        return self._line(message={"content": ""}, done=True, done_reason=reason, **told)

    def fault(self, error: object) -> bytes:
        return json.dumps({"error": error}).encode() + b"\n"

    def trouble(self, *, busy: bool = False) -> bytes:
        return self.fault({"code": 429, "message": "slow down"} if busy else "out of memory")

    def counted_twice(self) -> bytes:
        early = self._line(message={"content": "Tea."}, prompt_eval_count=1, eval_count=1)
        return early + self.end() + self.end(counts=(1, 1))

    def refusal(self, status: int, message: str) -> object:
        return {"error": message}

    def models(self, *ids: str, context: int) -> list[object]:
        entries: list[object] = [{"name": each, "details": {"family": "llama"}} for each in ids]
        entries.append({"name": "nomic", "details": {"family": "nomic-bert"}})
        running = [{"name": each, "context_length": context} for each in ids]
        return [{"models": entries}, {"models": running}]
