"""What a call may take and what it took: counted high before, never believed blindly after."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil

from chimera.core.errors import ContentRefused, ProviderDown, ProviderError, ProviderSlow
from chimera.core.generation import (
    PICTURE_CHARACTERS,
    GenerationRequest,
    TextPart,
    Usage,
)
from chimera.providers.adapter import ROOM_TO_THINK

#: Estimates are raised by this: a text of code or names has more tokens than usual.
_HIGH = 1.2
_BYTES_PER_TOKEN = 3.5
#: No tokenizer puts more characters into a token over a whole text.
_CHARACTERS_PER_TOKEN = 16
#: Nor so many bytes of a prompt, pictures included: they count as pages, and may cost a line.
_BYTES_PER_TOKEN_READ = 128
#: A count this many times the most that was possible is a mistake of the provider's.
_ABSURD = 10
_ALLOWANCE = 1000
#: Tokens a second of a model that thinks where nobody sees it.
_UNSEEN_PER_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """The most tokens that one call may take."""

    input: int
    output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a call brought, as far as its bill can be guessed from it."""

    #: Bytes of speech and of thinking.
    seen: int
    characters: int
    report: Usage | None
    failure: BaseException | None
    #: Seconds until anything of it was seen; so much thinking may have been billed besides.
    silent: float
    may_think: bool


def most(request: GenerationRequest, *, may_think: bool = True) -> Most:
    """The upper bound of a call; bytes, because rare scripts take a token for each character."""
    said = len(request.system.encode()) + sum(
        len(part.text.encode())
        for message in request.messages
        for part in message.parts
        if isinstance(part, TextPart)
    )
    room = ROOM_TO_THINK if may_think else 0
    return Most(
        input=_tokens(said + PICTURE_CHARACTERS * request.pictures),
        output=request.max_output_tokens + room,
    )


def settle(limit: Most, brought: Brought) -> Usage:
    """What the call took, without its cost: as reported if that can be right, else estimated."""
    report = brought.report
    if report is None:
        return _estimate(limit, brought) if _billed(brought) else Usage()
    if report.estimated:
        guess = _estimate(limit, brought)
        return replace(
            report,
            input_tokens=max(report.input_tokens, guess.input_tokens),
            output_tokens=max(report.output_tokens, guess.output_tokens),
        )
    if _sound(limit, report, brought):
        return report
    guess = _estimate(limit, brought)
    return replace(
        guess,
        input_tokens=_likely(report.input_tokens, guess.input_tokens, limit.input),
        output_tokens=_likely(report.output_tokens, guess.output_tokens, limit.output),
    )


def together(spent: Iterable[Usage]) -> Usage:
    """Several calls as one; the cost is known only if that of all is."""
    calls = list(spent)
    costs = [each.cost for each in calls if each.cost is not None]
    return Usage(
        input_tokens=sum(each.input_tokens for each in calls),
        output_tokens=sum(each.output_tokens for each in calls),
        cached_tokens=sum(each.cached_tokens for each in calls),
        cache_write_tokens=sum(each.cache_write_tokens for each in calls),
        reasoning_tokens=sum(each.reasoning_tokens for each in calls),
        cost=sum(costs, 0.0) if len(costs) == len(calls) else None,
        estimated=any(each.estimated for each in calls),
    )


def _estimate(limit: Most, brought: Brought) -> Usage:
    seen = _tokens(brought.seen)
    unseen = ceil(_UNSEEN_PER_S * brought.silent) if brought.may_think else 0
    written = max(seen, min(limit.output, seen + unseen))
    return Usage(input_tokens=limit.input, output_tokens=written, estimated=True)


def _tokens(length: int) -> int:
    return ceil(length / _BYTES_PER_TOKEN * _HIGH)


def _billed(brought: Brought) -> bool:
    """Whether anybody may ask money for a call that brought no account."""
    failure = brought.failure
    if brought.seen or not isinstance(failure, ProviderError):
        return True
    if isinstance(failure, ProviderDown):
        # An answer with a status is a refusal; a broken line may have carried the question.
        return bool(failure.details.get("sent"))
    if isinstance(failure, ProviderSlow):
        return failure.stage != "connect"
    return failure.counts or isinstance(failure, ContentRefused)


def _sound(limit: Most, report: Usage, brought: Brought) -> bool:
    counts = (
        report.input_tokens, report.output_tokens, report.cached_tokens,
        report.cache_write_tokens, report.reasoning_tokens,
    )  # fmt: skip
    return (
        min(counts) >= 0
        and _least_read(limit) <= report.input_tokens <= _bound(limit.input)
        and report.output_tokens <= _bound(limit.output)
        and report.output_tokens * _CHARACTERS_PER_TOKEN >= brought.characters
        and report.cached_tokens <= report.input_tokens
    )


def _least_read(limit: Most) -> int:
    """The fewest tokens that its prompt can have taken."""
    return ceil(limit.input * _BYTES_PER_TOKEN / _HIGH / _BYTES_PER_TOKEN_READ)


def _bound(possible: int) -> int:
    return _ABSURD * possible + _ALLOWANCE


def _likely(reported: int, guessed: int, possible: int) -> int:
    """The larger of two counts, unless what was reported is beyond belief."""
    if reported > _bound(possible):
        return max(guessed, possible)
    return max(guessed, reported)
