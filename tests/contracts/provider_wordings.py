"""What services say when they refuse, in their own words."""

from provider_cases import ANTHROPIC, ARRAY, CHAT, GEMINI, NATIVE, RESPONSES, Case, member

from chimera.core.errors import (
    ContentRefused,
    ContextTooLong,
    InvalidRequest,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    QuotaSpent,
    UnknownModel,
)
from chimera.providers.compatible import DEEPSEEK, LM_STUDIO

#: What services say of a prompt that does not fit, and the limit that can be read from it.
TOO_LONG: list[tuple[Case, int, object, int | None]] = [
    (
        CHAT,
        400,
        {
            "message": "This model's maximum context length is 8192 tokens. However, your messages "
            "resulted in 9001 tokens.",
            "type": "invalid_request_error",
            "code": "context_length_exceeded",
        },
        8192,
    ),
    (
        RESPONSES,
        400,
        {"message": "Your input exceeds the context window.", "code": "context_length_exceeded"},
        None,
    ),
    (
        ANTHROPIC,
        400,
        {
            "type": "invalid_request_error",
            "message": "prompt is too long: 210000 tokens > 200000 maximum",
        },
        200_000,
    ),
    (
        ANTHROPIC,
        400,
        {
            "type": "invalid_request_error",
            "message": "input length and `max_tokens` exceed context limit: "
            "190000 + 20000 > 200000",
        },
        200_000,
    ),
    (ANTHROPIC, 413, {"type": "request_too_large", "message": "Request exceeds the size."}, None),
    (
        GEMINI,
        400,
        {
            "code": 400,
            "status": "INVALID_ARGUMENT",
            "message": "The input token count (1200000) exceeds the maximum number of tokens "
            "allowed (1048576).",
        },
        1_048_576,
    ),
    (
        member(DEEPSEEK),
        400,
        {
            "message": "This model's maximum context length is 1048565 tokens. However, you "
            "requested 1100000 tokens.",
            "type": "invalid_request_error",
        },
        1_048_565,
    ),
    (
        member(LM_STUDIO),
        400,
        "The number of tokens to keep from the initial prompt is greater than the context length.",
        None,
    ),
    (
        CHAT,
        400,
        {
            "code": 400,
            "type": "exceed_context_size_error",
            "message": "the request exceeds the available context size (4096 tokens)",
            "n_ctx": 4096,
        },
        4096,
    ),
    (NATIVE, 400, "the input length exceeds the context length", None),
    (NATIVE, 500, "input is too long: exceeds maximum context length", None),
]

#: Errors inside a stream that had begun well, as each service words them.
FAULTS: list[tuple[Case, object, type[ProviderError]]] = [
    (CHAT, {"message": "x", "code": "insufficient_quota"}, QuotaSpent),
    (CHAT, {"message": "x", "code": "invalid_api_key"}, ProviderRefused),
    (CHAT, {"message": "x", "code": "context_length_exceeded"}, ContextTooLong),
    (CHAT, {"message": "x", "type": "invalid_request_error"}, InvalidRequest),
    (CHAT, {"message": "x", "code": "model_not_found"}, UnknownModel),
    (CHAT, "upstream went away", ProviderDown),
    (RESPONSES, {"message": "x", "code": "insufficient_quota"}, QuotaSpent),
    (RESPONSES, {"message": "x", "code": "context_length_exceeded"}, ContextTooLong),
    (RESPONSES, {"message": "x", "code": "invalid_prompt"}, ContentRefused),
    (RESPONSES, None, ProviderDown),
    (ANTHROPIC, {"message": "x", "type": "authentication_error"}, ProviderRefused),
    (ANTHROPIC, {"message": "x", "type": "billing_error"}, QuotaSpent),
    (ANTHROPIC, {"message": "x", "type": "invalid_request_error"}, InvalidRequest),
    (ANTHROPIC, {"message": "x", "type": "api_error"}, ProviderDown),
    (
        GEMINI,
        {"message": "API key not valid.", "code": 400, "status": "INVALID_ARGUMENT"},
        ProviderRefused,
    ),
    (GEMINI, {"message": "x", "code": 404, "status": "NOT_FOUND"}, UnknownModel),
    (ARRAY, {"message": "x", "code": 429, "status": "RESOURCE_EXHAUSTED"}, ProviderBusy),
    (NATIVE, 'model "small" not found, try pulling it first', UnknownModel),
    (NATIVE, "the input length exceeds the context length", ContextTooLong),
    (NATIVE, "llama runner process has terminated", ProviderDown),
]
